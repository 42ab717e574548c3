//! From `[broker]` to a session's settings.

use gridwatch_config::BrokerSettings;
use gridwatch_link::{Credentials, LinkError, LinkSettings};

/// A session of `client_id` with the configured broker.
pub(crate) fn settings(broker: &BrokerSettings, client_id: String) -> Result<LinkSettings, LinkError> {
    let mut settings = LinkSettings::new(broker.url.as_str().parse()?, client_id);
    settings.credentials = broker.username.as_ref().map(|username| {
        let password = broker.password.as_ref().map_or("", |password| password.reveal());
        Credentials::new(username, password)
    });
    Ok(settings)
}
