"""Settings from the environment, checked once when a process starts."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from marstraining.core.database_url import PostgresServer, SqliteFile, parse_database_url
from marstraining.core.partnership import PACKAGED, Partnership, PartnershipError, load_partnership

SECRETS = frozenset(
    {
        "MARS_DATABASE_URL",
        "MARS_SECRET_KEY",
        "MARS_SMTP_URL",
        "MARS_TELEGRAM_TOKEN",
        "MARS_TELEGRAM_WEBHOOK_SECRET",
        "MARS_METRICS_TOKEN",
    }
)  # each may also come from the file that its name with _FILE names
VARIABLES = SECRETS | {
    "MARS_DATA_DIR",
    "MARS_BASE_URL",
    "MARS_MAIL_FROM",
    "MARS_TELEGRAM_API_URL",
    "MARS_TELEGRAM_WEBHOOK_URL",
    "MARS_TRUSTED_PROXIES",
    "MARS_LOG_LEVEL",
    "MARS_PARTNERSHIP_FILE",
    "MARS_SIGN_IN_MINUTES",
    "MARS_SHOW_MAIL",
    "MARS_SCAN_URL",
}
DATABASE_FILE = "marstraining.sqlite3"

_SHORTEST_KEY = 32
_FEWEST_DIFFERENT_CHARACTERS = 8
_SHORTEST_METRICS_TOKEN = 16
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PLACEHOLDER = re.compile(r"change.?(me|this|it)|secret.?key|example|insecure|default", re.IGNORECASE)
_BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_YES_OR_NO = re.compile(r"yes|no")
_MINUTES = re.compile(r"[1-5][0-9]|60")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


class ConfigError(Exception):
    """A setting is wrong; `variable` is its name, and the message a sentence that begins with it and never repeats a secret."""

    def __init__(self, variable: str, why: str) -> None:
        super().__init__(f"{variable} {why}")
        self.variable = variable


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one installation and another.

    `base_url` has no slash at its end. `secret_key` is empty where nothing that needs one runs. `metrics_token`,
    `telegram_token`, `telegram_webhook_url` and `telegram_webhook_secret` are empty where not set. `sign_in_minutes` is how
    long the link of a sign-in letter works. `shows_mail` lets everybody read the letters that a folder collects, on this machine alone.
    `scan_url` is empty where no virus scanner looks at files that people send in.
    """

    data_dir: Path
    database_url: str = field(repr=False)
    base_url: str
    secret_key: str = field(repr=False)
    smtp_url: str = field(repr=False)
    mail_from: str
    telegram_token: str = field(repr=False, default="")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_secret: str = field(repr=False, default="")
    telegram_webhook_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = field(repr=False, default="")
    log_level: str = "INFO"
    sign_in_minutes: int = 15
    shows_mail: bool = False
    scan_url: str = ""
    partnership: Partnership = field(repr=False, default_factory=load_partnership)

    @property
    def database(self) -> SqliteFile | PostgresServer:
        return parse_database_url(self.database_url)

    @property
    def host(self) -> str:
        """The name that the service answers to, without a port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def mail_folder(self) -> Path | None:
        """The folder where letters are collected instead of sent, None where a mail server takes them."""
        parts = urlsplit(self.smtp_url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


_current: Settings | None = None


def use(settings: Settings | None) -> None:
    """Make these the settings of the process; None forgets them."""
    global _current  # noqa: PLW0603 - settings are read once and belong to the process
    _current = settings


def current() -> Settings:
    """The settings of the process; a program that forgot to load them fails here with RuntimeError."""
    if _current is None:
        raise RuntimeError("the settings have not been loaded: call config.use(load_settings()) first")
    return _current


def known() -> Settings | None:
    """The settings of the process, None where none are loaded: for what the core does without them too."""
    return _current


def load_settings(environ: Mapping[str, str] | None = None, *, need_secret: bool = True) -> Settings:
    """The settings that the environment states; the first wrong one is refused with ConfigError.

    An empty variable counts as not set. `need_secret=False` is for commands that serve nobody (`migrate`, `import`, `ask`,
    `read-report`): there a key may be absent, but one that is set must still be good. No folder is made here.
    """
    get = _Reader(os.environ if environ is None else environ)
    data_dir = Path(get("MARS_DATA_DIR", "./var/data")).absolute()
    base_url = get("MARS_BASE_URL", "http://127.0.0.1:8000", _check_base_url).rstrip("/")
    secret_key = get("MARS_SECRET_KEY", "", _check_key)
    if need_secret and not secret_key:
        raise ConfigError("MARS_SECRET_KEY", f"is not set: give it {_SHORTEST_KEY} random characters or more")
    smtp_url = get("MARS_SMTP_URL", "", _check_smtp)
    if not smtp_url and need_secret and base_url.startswith("https://"):
        raise ConfigError("MARS_SMTP_URL", "is not set: say which server sends letters, or file:///folder to collect them there")
    host = urlsplit(base_url).hostname or "localhost"
    token = get("MARS_TELEGRAM_TOKEN", "", _matching(_BOT_TOKEN, "is not a bot's token"))
    webhook_url = get("MARS_TELEGRAM_WEBHOOK_URL", "", _check_https)
    webhook_secret = get(
        "MARS_TELEGRAM_WEBHOOK_SECRET", "", _matching(_WEBHOOK_SECRET, "must be 16 to 256 letters, digits, hyphens or underscores")
    )
    if webhook_url and not token:
        raise ConfigError("MARS_TELEGRAM_TOKEN", "must be set where MARS_TELEGRAM_WEBHOOK_URL is")
    if webhook_url and not webhook_secret:
        raise ConfigError("MARS_TELEGRAM_WEBHOOK_SECRET", "must be set where MARS_TELEGRAM_WEBHOOK_URL is")
    shows_mail = get("MARS_SHOW_MAIL", "no", _matching(_YES_OR_NO, "must be yes or no")) == "yes"
    if shows_mail and (not is_loopback(host) or (smtp_url and not smtp_url.startswith("file:"))):
        raise ConfigError("MARS_SHOW_MAIL", "is for the demo: this machine's own address, and letters collected in a folder")
    return Settings(
        data_dir=data_dir,
        database_url=get("MARS_DATABASE_URL", f"sqlite://{data_dir / DATABASE_FILE}", _check_database),
        base_url=base_url,
        secret_key=secret_key,
        smtp_url=smtp_url or f"file://{data_dir / 'mail'}",
        mail_from=get("MARS_MAIL_FROM", f"training@{host}", _matching(_ADDRESS, "must be one plain address, as training@example.org")),
        telegram_token=token,
        telegram_api_url=get("MARS_TELEGRAM_API_URL", "https://api.telegram.org", _check_api_url).rstrip("/"),
        telegram_webhook_secret=webhook_secret,
        telegram_webhook_url=webhook_url,
        trusted_proxies=_networks(get("MARS_TRUSTED_PROXIES", "")),
        metrics_token=get("MARS_METRICS_TOKEN", "", _check_metrics_token),
        log_level=get("MARS_LOG_LEVEL", "INFO", _check_level).upper(),
        sign_in_minutes=int(get("MARS_SIGN_IN_MINUTES", "15", _matching(_MINUTES, "must be a number of minutes from 10 to 60"))),
        shows_mail=shows_mail,
        scan_url=get("MARS_SCAN_URL", "", _check_scan_url),
        partnership=_partnership(get("MARS_PARTNERSHIP_FILE", "")),
    )


class _Reader:
    """Reads one variable after another: from the environment, or a secret from the file that its `_FILE` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, name: str, default: str, check: Callable[[str], str | None] | None = None) -> str:
        value, said_by = self._environ.get(name, ""), name
        if name in SECRETS and self._environ.get(f"{name}_FILE"):
            if value:
                raise ConfigError(name, f"and {name}_FILE are both set: keep one")
            said_by = f"{name}_FILE"
            value = _read_secret(said_by, Path(self._environ[said_by]))
        value = value or default
        why = check(value) if check is not None and value else None
        if why:
            raise ConfigError(said_by, why)
        return value


def _read_secret(name: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(name, f"names a file that cannot be read: {path}") from error
    if not value:
        raise ConfigError(name, f"names a file that is empty: {path}")
    return value


def _matching(pattern: re.Pattern[str], why: str) -> Callable[[str], str | None]:
    return lambda value: None if pattern.fullmatch(value) else why


def _check_key(key: str) -> str | None:
    if len(key) < _SHORTEST_KEY:
        return f"is too short: give it {_SHORTEST_KEY} random characters or more"
    if _PLACEHOLDER.search(key) or len(set(key)) < _FEWEST_DIFFERENT_CHARACTERS:
        return "is not random: make one with `openssl rand -hex 32`"
    return None


def _check_metrics_token(token: str) -> str | None:
    return None if len(token) >= _SHORTEST_METRICS_TOKEN else f"is too short: give it {_SHORTEST_METRICS_TOKEN} characters or more"


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _web_address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a web address"
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        return "is not a web address, as https://training.example.org"
    return None


def _check_base_url(url: str) -> str | None:
    why = _web_address(url)
    parts = urlsplit(url) if why is None else None
    if parts is not None and parts.path not in {"", "/"}:
        return "must be a host alone, without a path"
    if parts is not None and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "must begin with https:// (http:// is for this machine alone: 127.0.0.1, ::1, localhost)"
    return why


def _check_https(url: str) -> str | None:
    return _web_address(url) or (None if url.startswith("https://") else "must begin with https://")


def _check_api_url(url: str) -> str | None:
    why = _web_address(url)
    if why is None and url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        return "must begin with https://"
    return why


def _check_database(url: str) -> str | None:
    try:
        parse_database_url(url)
    except ValueError as error:
        return str(error)
    return None


def _check_smtp(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address of a mail server"
    if parts.scheme == "file":
        return None if not parts.netloc and parts.path.strip("/") else "must name a folder from the root, as file:///var/mail"
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path not in {"", "/"}:
        return "must be smtp://user:password@host:port, smtps://… or file:///folder"
    return None


def _check_scan_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address of a virus scanner"
    is_socket, is_host = not host and len(parts.path) > 1, bool(host) and parts.path in {"", "/"}
    if parts.scheme != "clamd" or not (is_socket or is_host) or parts.username or parts.query or parts.fragment:
        return "must be clamd://host:port or clamd:///path/of/its.socket"
    return None


def _check_level(level: str) -> str | None:
    return None if level.upper() in _LEVELS else f"must be one of {', '.join(_LEVELS)}"


def _networks(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        try:
            ipaddress.ip_network(name, strict=False)
        except ValueError as error:
            raise ConfigError(
                "MARS_TRUSTED_PROXIES", "must be addresses or networks with commas between, as 10.0.0.2, 172.16.0.0/12"
            ) from error
    return names


def _partnership(path: str) -> Partnership:
    try:
        return load_partnership(Path(path) if path else PACKAGED)
    except PartnershipError as error:
        raise ConfigError("MARS_PARTNERSHIP_FILE", f"({path or 'the packaged one'}): {error}") from error
