//! Checks a file of settings without serving: each value, and each file that it names.

use std::path::Path;

use hubward::types::{Authority, HostName};

use super::file::Settings;
use super::{Problem, SettingsError, together};
use crate::config::Config;
use crate::crl_files::CrlFiles;
use crate::files::Files;
use crate::provisioning::FirstContent;
use crate::tls;
use crate::users::Users;

/// Checks a file of settings, and the files that it names. A durable registry is not opened, and no address is bound.
///
/// # Errors
/// Returns a [`SettingsError`] with all that is wrong.
pub fn check(file: &Path) -> Result<(), SettingsError> {
    let settings = Settings::read(file)?;
    let wrong = |problems| SettingsError::Wrong { file: file.into(), problems };
    let serve = together(&settings, []).map_err(|problem| wrong(vec![problem]))?;
    let Some(config) = serve.config() else {
        let text = "these settings are missing: `policies`, unless `registry` is durable".to_owned();
        return Err(wrong(vec![Problem { line: None, text }]));
    };
    let mut problems = problems(&settings, &config);
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort_by_key(|problem| problem.line);
    Err(wrong(problems))
}

/// Returns all that is wrong with the values.
fn problems(settings: &Settings, config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tell = |name: &str, error: Option<String>| {
        if let Some(error) = error {
            problems.push(Problem { line: settings.line(name), text: format!("`{name}`: {error}") });
        }
    };
    let told = |error: &dyn core::fmt::Display| error.to_string();
    tell("hub", HostName::parse(&config.hub).err().map(|error| told(&error)));
    let alias = config.aliases.iter().find_map(|alias| Authority::parse(alias).err());
    tell("alias", alias.map(|error| told(&error)));
    let own = tls::certified(&config.cert, &config.key).err();
    tell(
        if own.as_ref().is_some_and(|error| error.is_about(&config.key)) { "key" } else { "cert" },
        own.map(|error| told(&error)),
    );
    match tls::authorities(config.client_ca.as_deref(), config.strict_ca) {
        Ok(authorities) => {
            let path = config.crls.as_ref().map(|crls| crls.path.clone());
            let crls =
                path.and_then(|path| CrlFiles::new(path, config.strict_ca).read(true, &authorities).err());
            tell("crls", crls.map(|error| told(&error)));
        }
        Err(error) => tell("client-ca", Some(told(&error))),
    }
    let provisioning = config.provisioning.as_deref().and_then(|file| FirstContent::read(file).err());
    tell("provisioning", provisioning.map(|error| told(&error)));
    tell("users", config.users.as_deref().and_then(|file| Users::read(file).err()).map(|error| told(&error)));
    let registry = config.registry.clone();
    let registry =
        registry.and_then(|file| Files::new(Some(file), None, config.max_delete_share).read().err());
    tell("registry", registry.map(|error| told(&error)));
    let policies = config.policies.clone();
    let policies =
        policies.and_then(|file| Files::new(None, Some(file), config.max_delete_share).read().err());
    tell("policies", policies.map(|error| told(&error)));
    let addresses = [("mqtt", &config.mqtt), ("https", &config.https), ("amqps", &config.amqps)];
    for (name, address) in addresses {
        let wrong = address.as_deref().is_some_and(|address| !is_address(address));
        tell(name, wrong.then(|| "not HOST:PORT".to_owned()));
    }
    if addresses.iter().all(|(_, address)| address.is_none()) {
        problems.push(Problem {
            line: None,
            text: "nothing to listen on: set `mqtt`, `https` or `amqps`".to_owned(),
        });
    }
    problems
}

/// Returns whether a text has the form of an address. Names are not looked up.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
