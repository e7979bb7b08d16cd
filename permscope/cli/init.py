"""`permscope init`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from permscope.errors import ConfigError

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
        with: {fetch-depth: 0}
      - uses: OWNER/permscope@main          # OWNER: whose permscope you use
        with:
          base: origin/${{ github.base_ref }}
""",
    "gitlab": """\
# .gitlab-ci.yml; OWNER: whose permscope you use
permscope:
  image: python:3.13-slim
  rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]
  variables: {GIT_DEPTH: 0}
  before_script:
    - apt-get update -qq && apt-get install -qq --no-install-recommends git
    - pip install --quiet git+https://github.com/OWNER/permscope
  script:
    - git fetch --quiet origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    - permscope gate --base FETCH_HEAD --format gitlab > gl-code-quality-report.json
  artifacts: {when: always, reports: {codequality: gl-code-quality-report.json}}
""",
    "codebuild": """\
# buildspec.yml; OWNER: whose permscope you use
version: 0.2
phases:
  install: {commands: ['pip install --quiet git+https://github.com/OWNER/permscope']}
  build: {commands: ['permscope gate --base origin/main --format junit > permscope.xml']}
reports:
  permscope: {files: [permscope.xml], file-format: JUNITXML}
""",
    "pre-commit": """\
# .pre-commit-config.yaml
repos:
  - repo: https://github.com/OWNER/permscope    # OWNER: whose permscope you use
    rev: v0.1.0
    hooks: [{id: permscope-gate}]
""",
}


@click.command("init")
@click.option("--ci", type=click.Choice(list(SNIPPETS)), default="github", show_default=True, help="Whose snippet.")
@click.option("--force", is_flag=True, help=f"Write over a {FILE} that is there.")
@click.argument("folder", default=".", required=False)
def command(*, ci: str, force: bool, folder: str) -> None:
    """Write a commented permscope.yaml and print the CI snippet."""
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
    sys.stdout.write(SNIPPETS[ci])
