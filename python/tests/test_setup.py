"""`make` finds a Python, or says what to install."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "sed", "uname")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder for PATH without any Python, in which a test puts programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def program(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/bash\n{text}\n")
    file.chmod(0o755)


def make_environment(path: Path, *variables: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make is not None
    environment = path.parent / "environment"
    return subprocess.run(
        [make, f"VENV={environment}", f"{environment}/bin/python", *variables],
        cwd=ROOT,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
    )


def test_without_a_python_make_says_what_to_install(path: Path) -> None:
    done = make_environment(path)
    assert done.returncode != 0
    assert "is Python 3.11 to 3.14 with venv. Install one" in done.stderr


def test_a_python_that_does_not_answer_is_passed_over(path: Path) -> None:
    program(path / "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    program(path / "python3.12", f'exec "{sys.executable}" "$@"')
    assert make_environment(path).returncode == 0
    assert (path.parent / "environment/bin/python").exists()


@pytest.mark.parametrize(
    "lack",
    ["sys.version_info = (3, 10)", "sys.version_info = (3, 15)", "sys.modules['ensurepip'] = None"],
    ids=["too old", "too new", "without venv"],
)
def test_a_python_of_another_version_or_without_venv_is_passed_over(path: Path, lack: str) -> None:
    program(path / "python3", f'exec "{sys.executable}" -c "import sys; {lack}; $2"')
    assert "None of python3.14 python3.13 python3.12 python3.11 python3 is" in (
        make_environment(path).stderr
    )


def test_without_a_python_uv_brings_one(path: Path) -> None:
    program(path / "uv", 'echo "uv $*"')
    assert "uv venv --quiet --seed --python >=3.11,<3.15" in make_environment(path).stdout


def test_an_unknown_version_of_dbt_is_refused(path: Path) -> None:
    done = make_environment(path, "DBT=1.9")
    assert done.returncode != 0
    assert "DBT must be 1.11 or 1.12. Got: 1.9" in done.stderr
