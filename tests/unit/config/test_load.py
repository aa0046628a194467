"""Every error names the file, the key, the value and what is valid."""

import pytest
from pydantic import ValidationError

from orchestrator.config.load import load_organization, load_unit, parse_toml
from orchestrator.errors import ConfigurationError
from tests.organization_toml import organization_toml

GOOD = organization_toml("dev", "prod") + "requires_approval = true\n"
UNIT = '[project]\nname = "orders"\nversion = "0.1.0"\n'


def problems_of(text: str) -> str:
    """What is wrong with an organization."""
    with pytest.raises(ConfigurationError) as caught:
        load_organization(text)
    return str(caught.value)


def unit_problems_of(text: str) -> str:
    """What is wrong with a unit."""
    with pytest.raises(ConfigurationError) as caught:
        load_unit(text, "projects/orders", load_organization(GOOD))
    return str(caught.value)


def test_a_good_file_is_read() -> None:
    """In the order of promotion, with defaults."""
    organization = load_organization(GOOD)
    assert organization.environment_names == ["dev", "prod"]
    assert organization.environment("prod").requires_approval
    assert organization.environment("dev").deployer_role == "orchestrator-deployer"


def test_what_only_follows_from_a_wrong_value_is_not_told() -> None:
    """One mistake is one sentence."""
    assert problems_of(GOOD.replace('"222222222222"', '"22"')).count("is not valid") == 1


def test_what_was_read_cannot_be_changed() -> None:
    """Configuration is frozen."""
    with pytest.raises(ValidationError):
        load_organization(GOOD).tooling.account = "444444444444"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "requires_approval = true",
            "aproval = true",
            "aproval is not a known key; valid are name, targets, requires_approval",
        ),
        ('"222222222222"', '"22"', "'22' is not valid: an account has twelve digits"),
        ('"eu-west-1"\nrequires', '"moon"\nrequires', "'moon' is not valid: a region is written such as 'eu-west-1'"),
        ('name = "prod"', 'name = "dev"', "'dev' is there more than once"),
        (
            "[tooling]",
            '[repository]\nallow_unmerged = ["stage"]\n[tooling]',
            "'stage' is not an environment; valid are dev, prod",
        ),
        ('name = "prod"', 'name = "pre-prod"', "'pre-prod' is not valid"),
        ("333333333333", "222222222222", "'dev' and 'prod' both deploy to 222222222222/eu-west-1"),
        ("requires_approval = true", 'stack_suffix = "_x"', "stack_suffix = '_x' is not valid: a suffix is '-' and"),
        ("[tooling]", "[tools]", "tooling is missing"),
        ("[tooling]", '[repository]\nproxy = "http://a:b@c:1"\n[tooling]', "credentials have no place in a repository"),
        ("[tooling]", "[tooling", "is not valid TOML"),
    ],
)
def test_a_wrong_organization_is_explained(old: str, new: str, said: str) -> None:
    """With the file's name in front."""
    text = problems_of(GOOD.replace(old, new))
    assert text.startswith("orchestrator.toml: ")
    assert said in text


@pytest.mark.parametrize(
    "host",
    ["models.example.com", "x.io", "*.example.org", "*.example.org:8443", "private:artifacts.corp.example.com:65535"],
)
def test_hosts_are_full_names(host: str) -> None:
    """With a port where it is not that of https."""
    assert load_organization(f'{GOOD}\n[build]\nnetwork = ["{host}"]\n').build.network == (host,)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "*.com",
        "*example.com",
        "a.*.example.com",
        "localhost",
        "10.0.0.1",
        "[::1]",
        "0x7f.0x1",
        "Models.example.com",
        "models.example.com.",
        "models.example.com:",
        "models.example.com:0443",
        "models.example.com/x",
        "https://models.example.com",
        "user@models.example.com",
        "models.example.com evil.example.com",
        "private:*.corp.example.com",
        "private:10.0.0.1",
        "private:private:a.example.com",
        f"{'a' * 300}.example.com",
    ],
)
def test_what_is_not_the_name_of_a_host_is_refused(host: str) -> None:
    """Neither addresses nor everything, nor all hosts of a private network."""
    said = problems_of(f'{GOOD}\n[build]\nnetwork = ["{host}"]\n')
    assert said.startswith("orchestrator.toml: build.network")
    assert "is not valid" in said


def test_a_port_that_there_is_not_is_refused() -> None:
    """Nothing could connect to it."""
    said = problems_of(f'{GOOD}\n[build]\nnetwork = ["models.example.com:65536"]\n')
    assert "'models.example.com:65536' names a port beyond 65535" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[project]\nname = "orders"\n', "project.version is missing"),
        (UNIT.replace("0.1.0", "new"), "project.version = 'new' is not valid"),
        (f"{UNIT}x = {'[' * 50_000}", "is nested too deeply"),
        (UNIT.replace("0.1.0", "1+local"), "a local part"),
        (UNIT.replace("0.1.0", "1" * 5_000), "project.version = '1111"),
        (UNIT.replace("0.1.0", "1" * 70), "project.version is not valid: it has 70 characters, and 64 fit"),
        (
            UNIT.replace('"orders"', '"shop-orders"'),
            "project.name = 'shop-orders' is not valid: it must be the unit's",
        ),
        (UNIT.replace('"orders"', "7"), "project.name = 7 is not valid: it must be the unit's name, 'orders'"),
        ("project = 7\n", "project = 7 is not valid: it must be a table"),
        ("tool = 7\n", "tool = 7 is not valid: it must be a table"),
        ("[tool]\norchestrator = 7\n", "orchestrator = 7 is not valid: it must be a table"),
        (f"{UNIT}x = {'9' * 5_000}", "is not valid TOML"),
        (f"{UNIT}{'a.' * 100_000}a = 1", "has a key of more than 64 parts"),
        (UNIT + "[" + '"a" . ' * 100_000 + "a]", "has a key of more than 64 parts"),
        (
            UNIT + "[tool.orchestrator]\ncolour = 1\n",
            "tool.orchestrator.colour is not a known key; valid are name, library",
        ),
        (UNIT + '[tool.orchestrator]\ndepends_on = ["../x"]\n', "tool.orchestrator.depends_on: '../x'"),
        (
            UNIT + "[tool.orchestrator]\nstack_name = 5\n",
            "tool.orchestrator.stack_name = 5 is not valid: it must be text",
        ),
        (
            UNIT + "[tool.orchestrator]\nparameters.dev = [1]\n",
            "parameters.dev = [1] is not valid: it must be a table.",
        ),
        (f"\ufeff{UNIT}", "begins with a byte order mark"),
        (UNIT + '[tool.orchestrator]\nrequires_approval = ["moon"]\n', "no environment 'moon'; valid are dev, prod"),
        (UNIT + "[tool.orchestrator.parameters.moon]\n", "no environment 'moon'; valid are dev, prod"),
    ],
)
def test_a_wrong_unit_is_explained(text: str, said: str) -> None:
    """With the file's path in front."""
    found = unit_problems_of(text)
    assert found.startswith("projects/orders/pyproject.toml: ")
    assert said in found


@pytest.mark.parametrize("name", ["Orders", "my unit", "a" * 41, "größe", ""])
def test_what_a_name_may_look_like_is_told_in_words(name: str) -> None:
    """And not by a pattern."""
    said = unit_problems_of(f'{UNIT}[tool.orchestrator]\nname = "{name}"\n')
    assert (
        f"tool.orchestrator.name = {name!r} is not valid: a unit's name begins with a small letter and has at" in said
    )
    assert "pattern" not in said


def test_lines_with_many_dots_that_are_no_keys_are_read() -> None:
    """Such as lists of versions on one line, and comments."""
    listed = ", ".join(f"'a>=1.{number}.0'" for number in range(200))
    assert len(parse_toml(f"x = [{listed}]  # {'.' * 300}\n", "file.toml")["x"]) == 200


def test_a_units_settings_override_the_organization() -> None:
    """Which environments, which ask, which parameters."""
    organization = load_organization(GOOD)
    text = (
        UNIT
        + '[tool.orchestrator]\nenvironments = ["dev"]\nrequires_approval = ["dev"]\nparameters.default = { A = "1" }\n'
    )
    unit = load_unit(text + 'parameters.dev = { A = "2" }\n', "projects/orders", organization)
    assert unit.environments(organization) == ["dev"]
    assert unit.settings.requires_approval == ("dev",)
    assert unit.parameters("dev") == {"A": "2"}
    assert unit.parameters("prod") == {"A": "1"}


@pytest.mark.parametrize("stacks", ["orchestrator-target", "orchestrator", "orch*", "orchestrator-t*"])
def test_the_orchestrators_own_stacks_cannot_be_adopted(stacks: str) -> None:
    """Whoever merges could give himself what its roles may do."""
    said = problems_of(f'{GOOD}\n[adopt]\nstacks = ["{stacks}"]\n')
    assert f"stacks: '{stacks}' would hold stacks of the orchestrator itself" in said


@pytest.mark.parametrize(
    ("stack_name", "said"),
    [
        (
            '"orders-live"',
            "tool.orchestrator.stack_name names orders-live: roles in targets may touch only stacks whose names",
        ),
        ('{ prod = "orders-live" }', "Write [adopt] with stacks = ['orders-live']"),
        ('{ moon = "app-orders" }', "stack_name: there is no environment 'moon'"),
    ],
)
def test_a_stack_that_no_role_may_touch_is_refused(stack_name: str, said: str) -> None:
    """Its first deployment would be."""
    assert said in unit_problems_of(f"{UNIT}[tool.orchestrator]\nstack_name = {stack_name}\n")


@pytest.mark.parametrize(("written", "key"), [('""', "stack_name = ''"), ('{ dev = "x y" }', "stack_name.dev = 'x y'")])
def test_what_is_wrong_in_one_form_of_a_value_is_told_of_that_form(written: str, key: str) -> None:
    """A stack's name is a text, or a table of them: one sentence, and none on the form that was not chosen."""
    (said,) = unit_problems_of(f"{UNIT}[tool.orchestrator]\nstack_name = {written}\n").splitlines()
    assert f": tool.orchestrator.{key} is not valid: a stack's name begins with a letter" in said


def test_an_adopted_stack_is_that_of_its_environment_alone() -> None:
    """The others have the unit's own."""
    organization = load_organization(f'{GOOD}\n[adopt]\nstacks = ["orders-live"]\n')
    text = f'{UNIT}[tool.orchestrator]\nstack_name.prod = "orders-live"\n'
    unit = load_unit(text, "projects/orders", organization)
    assert unit.stack_name("prod", organization) == "orders-live"
    assert unit.stack_name("dev", organization) == "app-orders"


@pytest.mark.parametrize(
    "login", ["github:", "github:ada@example.com", "GitHub:a b", "github:https://github.com/ada", "github:-a"]
)
def test_what_is_no_login_is_refused_in_people(login: str) -> None:
    """Else somebody is named whom no push ever names."""
    said = problems_of(f'{GOOD}\n[people]\n"{login}" = []\n')
    assert f"people.{login}" in said
    assert "is not a login on GitHub" in said
    assert "'github:ada'" in said


def test_people_are_known_by_addresses_and_logins() -> None:
    """Git takes any text for an address."""
    names = ["ada@example.com", "jenkins", "github:Ada-L", "github:ada_acme", "github:dependabot[bot]"]
    people = "".join(f'"{name}" = ["arn:aws:iam::111111111111:user/ada"]\n' for name in names)
    assert list(load_organization(f"{GOOD}\n[people]\n{people}").people) == names
