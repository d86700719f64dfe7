"""What the log tells of an error of the database that nobody foresaw: all but the row."""

from structlog.testing import capture_logs
from tests.support.api import Api
from tests.support.isolation import as_owner

REFUSE = "ALTER TABLE users ADD CONSTRAINT unforeseen CHECK (name <> 'Refused') NOT VALID"


async def test_the_log_names_the_constraint_and_never_the_row(api: Api) -> None:
    user = await api.make_user()
    await as_owner(api.database, REFUSE)
    with capture_logs() as lines:
        answer = await api.put("/users/me", headers=api.as_(user), json={"name": "Refused"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    (line,) = [line for line in lines if line["event"] == "unforeseen error of the database"]
    assert (line["error"], line["sqlstate"], line["constraint"]) == ("CheckViolation", "23514", "unforeseen")
    assert "repository.py" in line["stack"]
    assert "argon2" not in str(lines)
    assert user.email not in str(lines)
