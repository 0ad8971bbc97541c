//! The settings that may change while the gateway runs, and the file of settings that is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::{SettingsError, command, complete};
use crate::config::{Config, Serve};
use crate::limits::Limits;
use crate::tls::TlsError;

/// The names of the settings that a file that is read again may change. All others are read at the start only.
const LIVE: [&str; 13] = [
    "alias",
    "cert",
    "client-ca",
    "connections-per-address",
    "drain-notice",
    "drain-sessions",
    "key",
    "max-connections",
    "max-delete-share",
    "max-unproven",
    "refusal-delay",
    "sni-cert",
    "sni-key",
];
/// Settings that are about this file and not about the gateway.
const ABOUT_THE_FILE: [&str; 2] = ["config", "help"];

/// The settings that may change while the gateway runs.
#[derive(Debug, Clone)]
pub(crate) struct LiveSettings {
    pub(crate) aliases: Vec<String>,
    /// The files of the server's certificates and keys, those for a client that names no host first.
    pub(crate) certificates: Vec<(PathBuf, PathBuf)>,
    pub(crate) client_ca: Option<PathBuf>,
    /// Does not change: the revocation lists follow it too.
    pub(crate) strict_ca: bool,
    pub(crate) max_delete_share: u8,
    /// The numbers of connections, the delay of refusals, and the times of the drain; the other limits are those of the start.
    pub(crate) limits: Limits,
}

impl LiveSettings {
    pub(crate) fn of(config: &Config) -> Result<Self, TlsError> {
        let (certs, keys) = (config.sni_certs.len(), config.sni_keys.len());
        if certs != keys {
            return Err(TlsError::Pairs { certs, keys });
        }
        let further = config.sni_certs.iter().cloned().zip(config.sni_keys.iter().cloned());
        let own = (config.cert.clone(), config.key.clone());
        Ok(Self {
            aliases: config.aliases.clone(),
            certificates: core::iter::once(own).chain(further).collect(),
            client_ca: config.client_ca.clone(),
            strict_ca: config.strict_ca,
            max_delete_share: config.max_delete_share,
            limits: config.limits,
        })
    }
}

/// The values of all settings by their names, defaults included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values(BTreeMap<String, Vec<OsString>>);

impl Values {
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let command = command();
        let named = command.get_arguments().filter_map(|arg| {
            let name = arg.get_long().filter(|name| !ABOUT_THE_FILE.contains(name))?;
            let values = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
            Some((name.to_owned(), values.map(OsString::from).collect()))
        });
        Self(named.collect())
    }

    /// Returns the names of the settings that differ.
    fn differences(&self, other: &Self) -> BTreeSet<String> {
        let differs = |(name, values): &(&String, &Vec<OsString>)| other.0.get(*name) != Some(*values);
        self.0.iter().filter(differs).map(|(name, _)| name.clone()).collect()
    }
}

/// A file of settings that a running gateway reads again.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    file: PathBuf,
    /// The words of the command line, which override the file's.
    given: Vec<OsString>,
    /// The values that the gateway runs by.
    running: Values,
}

/// A file that was read again, and is not applied yet.
#[derive(Debug)]
pub(crate) struct ReadSettings {
    serve: Option<Serve>,
    values: Values,
    /// The names of the changed settings that can be applied.
    pub(crate) applicable: BTreeSet<String>,
    /// The names of the changed settings that need a restart.
    pub(crate) restart: BTreeSet<String>,
}

impl SettingsFile {
    /// Reads the file and the words of the command line, for a start.
    pub(crate) fn open(file: &Path, given: Vec<OsString>) -> Result<(Self, Serve), SettingsError> {
        let (serve, running) = complete(file, given.iter().cloned())?;
        Ok((Self { file: file.into(), given, running }, serve))
    }

    /// Reads the file again.
    pub(crate) fn read(&self) -> Result<ReadSettings, SettingsError> {
        let (serve, values) = complete(&self.file, self.given.iter().cloned())?;
        let is_live = |name: &String| LIVE.contains(&&**name);
        let (applicable, restart) = self.running.differences(&values).into_iter().partition(is_live);
        Ok(ReadSettings { serve: Some(serve), values, applicable, restart })
    }

    /// Notes that the settings that can be applied were.
    pub(crate) fn applied(&mut self, read: &ReadSettings) {
        for name in &read.applicable {
            if let Some(values) = read.values.0.get(name) {
                self.running.0.insert(name.clone(), values.clone());
            }
        }
    }
}

impl ReadSettings {
    /// Takes the configuration; `None` if a setting is missing.
    pub(crate) fn take_config(&mut self) -> Option<Config> {
        self.serve.take()?.config()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_live_setting_is_a_setting() {
        let command = command();
        let names: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
        for name in LIVE {
            assert!(names.contains(&name), "{name}");
        }
    }
}
