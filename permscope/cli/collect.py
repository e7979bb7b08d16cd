"""`permscope collect`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from permscope.cli.exit_codes import ExitCode
from permscope.errors import ConfigError

if TYPE_CHECKING:
    from permscope.collect.live.collect import Progress

ENDINGS = (".json", ".json.gz", ".json.zst")
_GREEDY = ("--profile", "--account", "--region")


class GreedyCommand(click.Command):
    """A command whose list options take several values at once: `--profile a b c`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat a list option before each of its values."""
        return super().parse_args(ctx, list(_repeated(args)))


def _repeated(args: Sequence[str]) -> Iterator[str]:
    option = None
    for position, arg in enumerate(args):
        if arg.startswith("-"):
            option = arg if arg in _GREEDY else None
        elif option and args[position - 1] != option:
            yield option
        yield arg


@click.command("collect", cls=GreedyCommand)
@click.option("-o", "--output", metavar="FILE", help="Where to write: .json, .json.gz or .json.zst.")
@click.option("--region", "regions", metavar="REGION...", multiple=True, help="Only these; default: all enabled ones.")
@click.option("--profile", "profiles", metavar="NAME...", multiple=True, help="Profiles of the AWS configuration.")
@click.option("--account", "accounts", metavar="ID...", multiple=True, help="Accounts to assume --role-name in.")
@click.option("--role-name", metavar="ROLE", help="Role to assume in each account.")
@click.option("--organization", is_flag=True, help="Every active account of the organization.")
@click.option("--external-id", metavar="ID", help="For the role's trust policy.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted collection into the same FILE.")
@click.option(
    "--redact-accounts", is_flag=True, help="Replace account ids by pseudonyms, keyed by PERMSCOPE_REDACT_KEY."
)
@click.option("--rate", type=click.FloatRange(min=0.1), help="Calls a second per service and Region, at most.")
@click.option("--threads", type=click.IntRange(1, 64), default=16, show_default=True, help="Calls at the same time.")
@click.option("--timeout", type=click.FloatRange(min=1), default=20, show_default=True, help="Seconds per call.")
@click.option("--print-policy", is_flag=True, help="Print the read-only policies that collection needs.")
def command(
    *,
    output: str | None,
    regions: tuple[str, ...],
    profiles: tuple[str, ...],
    accounts: tuple[str, ...],
    role_name: str | None,
    organization: bool,
    external_id: str | None,
    resume: bool,
    redact_accounts: bool,
    rate: float | None,
    threads: int,
    timeout: float,
    print_policy: bool,
) -> None:
    """Read live accounts into a snapshot, which every command takes where it takes a template.

    Exit code 0: everything was read; 2: wrong usage, or no account can be read; 3: something could not be read.
    """
    if print_policy:
        _print_policies(output, next(iter(regions), None))
        return
    target = _target(output)
    _check(accounts, role_name, external_id, organization=organization)
    from permscope.collect.live.account import Limits
    from permscope.collect.live.accounts import Choice
    from permscope.collect.live.estate import collect_estate
    from permscope.collect.live.redact import redactor
    from permscope.report.collected import print_collected

    choice = Choice(
        profiles=profiles,
        accounts=accounts,
        role_name=role_name,
        organization=organization,
        external_id=external_id,
    )
    redact = redactor(accounts, os.environ.get("PERMSCOPE_REDACT_KEY", "")) if redact_accounts else None
    began = time.monotonic()
    try:
        with _progress() as progress:
            estate = collect_estate(
                target,
                choice,
                regions=regions,
                limits=Limits(threads=threads, timeout=timeout, rate=rate),
                resume=resume,
                progress=progress,
                redact=redact,
            )
    except KeyboardInterrupt:
        sys.stderr.write("permscope: interrupted; the same command with `--resume` goes on from here\n")
        sys.exit(ExitCode.INCOMPLETE)
    print_collected(estate, target, time.monotonic() - began, sys.stderr, redact)
    if estate.failures:
        sys.exit(ExitCode.INCOMPLETE)


def _print_policies(output: str | None, region: str | None) -> None:
    """Each policy as one JSON document, one after the other; with an output, each in a file of its own.

    Its ARNs are those of the partition that the Region is in, or else the one that the AWS SDK would ask.
    """
    from permscope.collect.live.print_policy import LARGEST, collection_policies
    from permscope.collect.templates.options import LoadOptions

    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    partition = LoadOptions(region=region).known_partition or "aws"
    texts = [json.dumps(policy, indent=2) + "\n" for policy in collection_policies(partition)]
    if output:
        _write_policies(Path(output), texts)
    else:
        sys.stdout.write("".join(texts))
    if len(texts) > 1:
        sys.stderr.write(
            f"permscope: {len(texts)} documents, because a managed policy has at most {LARGEST:,} characters; make a "
            "policy of each and attach all of them (`-o policy.json` writes each to a file of its own)\n"
        )


def _write_policies(output: Path, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts, start=1):
        file = output.with_name(f"{output.stem}-{number}{output.suffix}") if len(texts) > 1 else output
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"`{file}` cannot be written: {error.strerror}") from error
        sys.stderr.write(f"wrote {file.as_posix()}\n")


def _target(output: str | None) -> Path:
    if not output:
        raise ConfigError("`-o FILE` is missing", hint="name the snapshot, such as `-o estate.json.zst`")
    if not output.endswith(ENDINGS):
        raise ConfigError(f"`{output}` has no ending of a snapshot", hint=f"end it in {', '.join(ENDINGS)}")
    target = Path(output)
    if not target.parent.is_dir():
        raise ConfigError(f"there is no folder `{target.parent}`", hint="make it first")
    return target


def _check(accounts: Sequence[str], role_name: str | None, external_id: str | None, *, organization: bool) -> None:
    for account in accounts:
        if not (account.isascii() and account.isdigit() and len(account) == 12):  # noqa: PLR2004
            raise ConfigError(f"`{account}` is not an account id", hint="an account id has 12 digits")
    if accounts and not role_name:
        raise ConfigError("`--account` needs `--role-name`", hint="name the role to assume in the accounts")
    if (role_name or external_id) and not (accounts or organization):
        raise ConfigError(
            "`--role-name` and `--external-id` need accounts", hint="give `--account` or `--organization`"
        )


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A progress bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from permscope.report.progress import bars

    with bars() as progress:
        yield progress
