"""OAuth 2.0 and OpenID Connect: where a person signs in, and how tokens are got, checked and refreshed."""
