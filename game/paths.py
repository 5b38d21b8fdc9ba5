"""Where scenarios, models and saves are: beside the code in a checkout, in the wheel's data when installed."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_CODE = Path(__file__).resolve().parent
_CHECKOUT = _CODE.parent


def in_checkout() -> bool:
    """Whether this runs from a clone (its own folders) or from an installed wheel."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "scenarios").is_dir()


def scenarios() -> Path:
    """The folder of the shipped scenarios."""
    return _CHECKOUT / "scenarios" if in_checkout() else _CODE / "data" / "scenarios"


def models() -> Path:
    """The folder of the shipped models."""
    return _CHECKOUT / "models" if in_checkout() else _CODE / "data" / "models"


def saves() -> Path:
    """The folder that playing and running write to; PARKBENCH_SAVES names another one."""
    named = os.environ.get("PARKBENCH_SAVES")
    if named:
        return Path(named)
    return _CHECKOUT / "saves" if in_checkout() else Path(platformdirs.user_data_dir("parkbench")) / "saves"


def settings() -> Path:
    """The player's settings; PARKBENCH_SETTINGS names another file."""
    named = os.environ.get("PARKBENCH_SETTINGS")
    return Path(named) if named else Path(platformdirs.user_data_dir("parkbench")) / "settings.yaml"


def lessons() -> Path:
    """Which lessons of the first game the player has had; PARKBENCH_LESSONS names another file."""
    named = os.environ.get("PARKBENCH_LESSONS")
    return Path(named) if named else Path(platformdirs.user_data_dir("parkbench")) / "lessons.txt"


def user_models() -> Path:
    """A per-user folder in which further GGUFs are looked for."""
    return Path(platformdirs.user_data_dir("parkbench")) / "models"
