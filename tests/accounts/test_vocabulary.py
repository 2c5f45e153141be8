"""What is done is always said in French."""

from __future__ import annotations

from coordination.accounts.vocabulary import ACTIONS
from coordination.privacy.policy import Action


def test_every_action_has_its_label() -> None:
    assert set(Action) == ACTIONS.keys()
    assert not {label for action, label in ACTIONS.items() if label == action.value or "_" in label}
