"""What every answer tells a browser: nothing here is a page, to be framed, sniffed or run; the studio says more."""

from typing import Final

# Nothing of an API's answer is ever to be run or shown as a page, even opened by itself.
API: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # A browser heeds it over TLS only.
    (b"strict-transport-security", b"max-age=31536000"),
)


def page_headers(connect: str) -> dict[str, str]:
    """Return the headers of the studio's page: its own scripts and styles only, no plug-in, no frame, no form.

    Args:
        connect: the sources that it may talk to beside its own.
    """
    # No `style-src-attr`: what is set through the DOM's own interface needs none, and markup may have none.
    # `require-trusted-types-for`: no text becomes markup or a script, in browsers that know of it.
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:;"
        f" font-src 'self'; connect-src 'self' {connect}; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
