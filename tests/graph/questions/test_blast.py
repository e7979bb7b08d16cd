"""What can be reached from a function."""

from __future__ import annotations

from typing import Any

from permscope.graph.questions.blast import blast_radius

TABLE = "  Orders: {Type: AWS::DynamoDB::Table}\n"


def test_a_radius_goes_over_functions_that_can_be_called(world: Any, function: Any) -> None:
    """Its own access is no step away, that of a function it invokes one step."""
    made = world(
        TABLE,
        function("Fn", "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt Next.Arn}"),
        function(
            "Next", "{Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:Query'], Resource: !GetAtt Orders.Arn}"
        ),
        function("Far", "{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}"),
    )
    radius = blast_radius(made.graph, made.node("Fn"))
    assert [(one.target.label, one.steps, one.levels) for one in radius.reached] == [("Orders", 1, ("Read", "Write"))]
    assert [node.label for node in radius.functions] == ["Next"]
    assert radius.complete


def test_identities_that_can_be_become_are_in_it(world: Any, function: Any) -> None:
    """And what they may do."""
    made = world(
        TABLE,
        function("Fn", "{Effect: Allow, Action: 'iam:UpdateAssumeRolePolicy', Resource: !GetAtt StrongRole.Arn}"),
        function("Strong", "{Effect: Allow, Action: 'dynamodb:Query', Resource: !GetAtt Orders.Arn}"),
    )
    radius = blast_radius(made.graph, made.node("Fn"))
    assert [node.label for node in radius.identities] == ["StrongRole"]
    assert "Orders" in [one.target.label for one in radius.reached]


def test_one_certain_way_is_enough_to_be_certain(world: Any, function: Any) -> None:
    """A conditional way that is as short takes nothing from it."""
    sure = "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt Other.Arn}"
    unsure = sure.replace("Effect: Allow", "Effect: Allow, Condition: {StringEquals: {'aws:PrincipalTag/a': b}}")
    read = "{Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Orders.Arn}"
    made = world("  Orders: {Type: AWS::DynamoDB::Table}\n", function("Fn", unsure, sure), function("Other", read))
    radius = blast_radius(made.graph, made.node("Fn"))
    assert [one.decision.value for one in radius.reached if one.target.label == "Orders"] == ["allow"]
