"""`permscope init`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from permscope.errors import ConfigError
from permscope.version import __version__

FILE = "permscope.yaml"
CONFIG = """\
# permscope: who can invoke your Lambda functions, what they can touch, and what is wrong with that.
# Everything here is optional. A misspelt key is an error with its line.

# Whom you trust besides the account the templates are deployed to.
trusted:
  accounts: []            # such as "111122223333", in quotes
  organizations: []       # such as o-abcdef1234
  oidc_subjects: []       # such as "repo:my-org/*"

# Values for template parameters without a default; what nobody gives stays unknown, and is said.
parameters: {}

# Findings you live with. A reason is a must, an end is good style.
ignore: []
#  - {rule: url-auth-none, resource: Landing*, reason: a public page, until: 2027-01-31}

# `permscope audit` and `permscope gate` exit with 1 from this severity on.
fail_on: high

# `permscope gate --base origin/main` looks at what a change lets happen.
gate:
  # Not allowed, whatever the severity.
  forbid:
    - new-public-entry
    - new-external-principal
    - new-escalation-path
  # Somebody must look at it: the verdict is `review`, and the exit code stays 0.
  review:
    - new-exposure-path
    - weakened
    - access-level-rise
  # What it means that more is unknown than before: pass, review or fail.
  unknown: review

# What must stay true. `permscope audit` and `permscope gate` fail with a counter-example where it is not.
contracts:
  - preset: no-external-access
  - preset: no-public-secrets
#  - name: only PutUser writes Users
#    only: [PutUserFunction]
#    can: [dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem]
#    on: UsersTable
#  - name: nothing public reaches the secret
#    never: {from: public, reaches: DbSecret}
"""
# Where the CI gets permscope from is a variable of the CI, or `--repository`.
SNIPPETS = {
    "github": """\
# .github/workflows/permscope.yml
name: permscope
on: pull_request
permissions:
  contents: read
  pull-requests: write      # for the comment
  security-events: write    # for code scanning
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0    # the gate needs the commit the branch started from
{uses}
        with:
          base: origin/${{ github.base_ref }}
""",
    "gitlab": """\
# .gitlab-ci.yml
permscope:
  image: python:3.13-slim
  rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]
  variables: {GIT_DEPTH: 0}
  before_script:
    - apt-get update -qq && apt-get install -qq --no-install-recommends git
{install}
  script:
    - git fetch --quiet origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    - permscope gate --base FETCH_HEAD --format gitlab > gl-code-quality-report.json
  artifacts: {when: always, reports: {codequality: gl-code-quality-report.json}}
""",
    "codebuild": """\
# buildspec.yml
version: 0.2
phases:
  install:
    commands:
{install}
  build:
    commands:
      - permscope gate --base origin/main --format junit > permscope.xml
reports:
  permscope: {files: [permscope.xml], file-format: JUNITXML}
""",
    "pre-commit": """\
# .pre-commit-config.yaml
repos:
{hook}
""",
}
_VARIABLE = "PERMSCOPE_SOURCE"
_SAID = f"{_VARIABLE}: what pip installs, such as git+https://github.com/owner/permscope"
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def snippet(ci: str, repository: str | None) -> str:
    """What the CI needs to run the gate.

    Args:
        ci: one of `SNIPPETS`.
        repository: `owner/name` on GitHub of the permscope to use; without it, a variable of the CI says where from.
    """
    url = f"git+https://github.com/{repository}"
    install = f"pip install --quiet {url}" if repository else f'pip install --quiet "${{{_VARIABLE}:?{_SAID}}}"'
    uses = (
        f"      - uses: {repository}@main"
        if repository
        else "      - uses: actions/checkout@v4\n"
        "        with:\n"
        "          # a variable of the repository or organization: owner/name of the permscope you use\n"
        "          repository: ${{ vars.PERMSCOPE_REPOSITORY }}\n"
        "          path: .permscope\n"
        "      - uses: ./.permscope"
    )
    hook = (
        f"  - repo: https://github.com/{repository}\n    rev: v{__version__}\n    hooks: [{{id: permscope-gate}}]"
        if repository
        else "  - repo: local\n"
        "    hooks:\n"
        "      - id: permscope-gate\n"
        "        name: permscope gate\n"
        "        entry: permscope gate --base HEAD    # the permscope that is installed\n"
        "        language: system\n"
        "        files: \\.(ya?ml|json|template)$\n"
        "        pass_filenames: false"
    )
    indent = "      - " if ci == "codebuild" else "    - "
    quoted = install if repository else "'" + install.replace("'", "''") + "'"
    return SNIPPETS[ci].replace("{uses}", uses).replace("{install}", indent + quoted).replace("{hook}", hook)


@click.command("init")
@click.option("--ci", type=click.Choice(list(SNIPPETS)), default="github", show_default=True, help="Whose snippet.")
@click.option(
    "--repository", metavar="OWNER/NAME", help="Where the CI gets permscope from on GitHub; else a variable says so."
)
@click.option("--force", is_flag=True, help=f"Write over a {FILE} that is there.")
@click.argument("folder", default=".", required=False)
def command(*, ci: str, repository: str | None, force: bool, folder: str) -> None:
    """Write a commented permscope.yaml and print the CI snippet."""
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        raise ConfigError(f"`{repository}` is no repository", hint="give `owner/name`, as GitHub has it")
    path = Path(folder) / FILE
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder `{folder}`")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(CONFIG)
    except FileExistsError:
        raise ConfigError(f"`{path.as_posix()}` is there already", hint="`--force` writes over it") from None
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise ConfigError(f"`{path.as_posix()}` cannot be written: {reason}") from None
    sys.stderr.write(f"permscope: wrote {path.as_posix()}\n")
    sys.stdout.write(snippet(ci, repository))
