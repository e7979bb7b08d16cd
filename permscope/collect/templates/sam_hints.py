"""What to do about a complaint of the SAM translator.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
"""

from __future__ import annotations

_HINTS = (
    ("Policy at index", "an entry is a managed policy, a policy template with its parameters, or has a `Statement`"),
    ("required parameters of template", "give the policy template its parameters"),
    ("not defined for resource of type", "correct the name of the property, or remove it"),
    ("'Path'", "SAM resolves no functions in it: write the path itself"),
    ("valid reference to an", "name an API of this template, or write the route into the definition of the other one"),
    ("S3 bucket in the same template", "declare the bucket in this template, or configure the bucket itself"),
    ("Unable to set Authorizer", "define the authorizer under `Auth.Authorizers` of the API"),
    ("requires AutoPublishAlias", "add `AutoPublishAlias`"),
    ("defined multiple times", "give each event a path and method of its own"),
    ("Missing required property", "add the property"),
    ("Runtime and Handler", "add `Runtime` and `Handler`, or set `PackageType: Image`"),
    ("IgnoreGlobals", "name a property that `Globals` can hold"),
    ("already exists within this template", "rename the resource: SAM makes one of that name"),
    ("Unable to find resource with logical ID", "name a resource of this template"),
    ("Event Type is", "correct the type of the event"),
)


def hint_of(message: str) -> str:
    """What to do about a complaint, as the translator words it."""
    found = next((hint for words, hint in _HINTS if words in message), None)
    return found or "correct it as the SAM specification says; `sam validate` tells more"
