"""Authorization directives of GraphQL schemas."""

from __future__ import annotations

import time

from permscope.services._graphql import directives_of

SCHEMA = '''
"""Orders @aws_lambda"""
type Query @aws_iam {
  orders(first: Int = 10, after: String): [Order!]! @aws_api_key @aws_cognito_user_pools
  order(id: ID!): Order # @aws_oidc
  "mine @aws_lambda"
  mine: [Order] @aws_auth(cognito_groups: ["a:b"])
}
extend type Mutation { put(order: OrderInput!): Order @aws_iam, drop(id: ID): Boolean }
input OrderInput { id: ID }
'''


def test_a_fields_own_directives_win_over_its_types() -> None:
    """Comments, descriptions and arguments name nothing.

    https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
    """
    found = directives_of(SCHEMA)
    assert found.of("Query", "orders") == ("aws_api_key", "aws_cognito_user_pools")
    assert found.of("Query", "order") == ("aws_iam",)
    assert found.of("Query", "mine") == ("aws_auth",)
    assert found.of("Mutation", "put") == ("aws_iam",)
    assert found.of("Mutation", "drop") == ()


def test_a_hostile_schema_costs_little() -> None:
    """Unfinished types, strings and brackets do not make reading slow."""
    start = time.process_time()
    for text in ("type a " * 100_000, '"""' * 200_000, "type a {" * 100_000, "type a { " + "b(" * 200_000 + "}"):
        assert directives_of(text).fields == {}
    assert time.process_time() - start < 10
