"""What AWS itself is: actions, managed policies, resource types, principals, API calls.

Everything here is generated from pinned public sources by `tools/build_data.py`, kept in `data/` in compact
form, and read only as far as a question needs it. The modules import next to nothing, so that asking the
catalogue costs a few milliseconds, not the tenths of a second its sources cost:

- `actions`: every IAM action, its access level and resource types, wildcard expansion to bit sets.
- `managed_policies`: the documents of the policies AWS manages, withdrawn ones included.
- `sam_templates`: the policy templates of AWS SAM.
- `cloudformation`: what `Ref` and `Fn::GetAtt` return, ARN forms, name and role properties per type.
- `principals`: service principals.
- `calls`: which IAM actions an API call needs.
"""
