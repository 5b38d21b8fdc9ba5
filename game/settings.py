"""The player's settings: colours, pace, motion and keys, from one small YAML file in the user's data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from game.errors import UserError
from game.text import one_line

ThemeName = Literal["light", "dark", "projector", "colour-safe"]


class EngineSettings(BaseModel):
    """How models run on this machine; `parkbench doctor` shows what is in effect, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: int = Field(default=0, ge=0, le=10**7)
    """Tokens that an episode may use; 0: what the model was trained with, at most 8,192."""
    kv_type: Literal["auto", "f32", "f16", "q8_0"] = "auto"
    """How keys and values are kept; auto: f32 for weights in F32, else f16."""
    flash_attention: Literal["auto", "on", "off"] = "auto"
    """auto: only where q8_0 needs it."""
    threads: int = Field(default=0, ge=0, le=512)
    """0: one for each physical core, and one for a tiny model."""
    gpu_layers: int | None = Field(default=None, ge=0, le=999)
    """Layers on the GPU; without it: all of them where this llama.cpp uses one."""
    mmap: Literal["auto", "on", "off"] = "auto"
    """Whether a model's file is mapped into memory."""

    @field_validator("flash_attention", "mmap", mode="before")
    @classmethod
    def _yes_and_no(cls, value: object) -> object:
        # YAML reads `on` and `off` as truth values.
        return ("on" if value else "off") if isinstance(value, bool) else value


class Settings(BaseModel):
    """Every field has a default; a file names only what is to be different."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    theme: ThemeName = "light"
    """F2 tries the others."""
    pace: float = Field(default=40.0, ge=0, le=1000, allow_inf_nan=False)
    """Characters a second at which the agent's text appears; 0 shows everything at once."""
    reduced_motion: bool = False
    """Nothing types, slides or scrolls."""
    engine: EngineSettings = EngineSettings()
    """How models run on this machine."""
    keys: dict[str, str] = {}
    """Action to key or keys ("play.go_on: f5" or "f5,enter"); `?` lists the keys of each screen."""


def read_settings(path: Path) -> Settings:
    """The settings in a file; defaults where there is none. Raises UserError with file, line and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as e:
        raise UserError(f"{path}: can't be read: {getattr(e, 'strerror', None) or e}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as e:
        mark = getattr(e, "problem_mark", None)
        at = f":{mark.line + 1}" if mark is not None else ""
        raise UserError(f"{path}{at}: not YAML: {one_line(getattr(e, 'problem', None) or e, 160)}") from None
    if data is None:
        return Settings()
    if not isinstance(data, dict):
        raise UserError(f"{path}:1: settings are lines like `theme: dark`")
    try:
        return Settings.model_validate(data)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        line = line_of(node, field)
        known: dict[str, object] = dict(Settings.model_fields)
        if field == "engine" and len(first["loc"]) > 1:
            known, field = dict(EngineSettings.model_fields), str(first["loc"][1])
            line = line_of(value_of(node, "engine"), field)
        if first["type"] == "extra_forbidden":
            says = f"there is no such setting (there are: {', '.join(known)})"
        else:
            says = first["msg"][:1].lower() + first["msg"][1:]
        raise UserError(f"{path}:{line}: {one_line(field, 40)}: {one_line(says, 200)}") from None


def value_of(node: yaml.Node | None, field: str) -> yaml.Node | None:
    """What a field holds."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == field), None)


def line_of(node: yaml.Node | None, field: str) -> int:
    """The line on which a field stands, from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if key.value == field:
                return int(key.start_mark.line) + 1
    return 1
