//! The resource of a storage case, by the names that the SDKs use for its parts.

use hubward_cloud::storage::{Resource, SasKind, Service};
use serde_json::Value;

use super::Case;

/// The parts of a resource.
pub(super) struct Parts {
    account: String,
    service: Service,
    container: Option<String>,
    path: Option<String>,
    snapshot: Option<(SasKind, String)>,
}

impl Parts {
    /// Reads the parts of a case whose token is of `kind`.
    pub(super) fn of(case: &Case, kind: SasKind) -> Result<Self, String> {
        let account = case.required(&["account", "account_name", "accountName"])?.to_owned();
        let service = kind.service().unwrap_or(Service::Blob);
        if let Some(canonical) = case.text(&["canonicalized_resource"]) {
            let rest = canonical.strip_prefix(&format!("/{}/{account}/", service.as_str()));
            let rest = rest.ok_or("the canonical resource is of another account")?;
            let (container, path) = match rest.split_once('/') {
                Some((container, path)) => (container, Some(path.to_owned())),
                None => (rest, None),
            };
            return Ok(Self {
                account,
                service,
                container: Some(container.to_owned()),
                path,
                snapshot: None,
            });
        }
        let container = case.text(&[
            "containerName",
            "container_name",
            "file_system_name",
            "fileSystemName",
            "share_name",
            "shareName",
            "queue_name",
            "queueName",
            "table",
            "table_name",
            "tableName",
        ]);
        let state = |names: &[&str], kind| case.text(names).map(|text| (kind, text.to_owned()));
        let snapshot = state(&["version_id", "versionId"], SasKind::BlobVersion)
            .or_else(|| state(&["snapshot", "snapshotTime"], SasKind::BlobSnapshot));
        Ok(Self { account, service, container: container.map(str::to_owned), path: path(case), snapshot })
    }

    /// Returns a part of the account: with a level for each letter of `srt`.
    pub(super) fn of_account(case: &Case, service: Service, level: char) -> Result<Self, String> {
        let account = case.required(&["account", "account_name", "accountName"])?.to_owned();
        let container = (level != 's').then(|| "c".to_owned());
        let path = (level == 'o').then(|| "b".to_owned());
        Ok(Self { account, service, container, path, snapshot: None })
    }

    pub(super) fn resource(&self) -> Result<Resource<'_>, String> {
        let Self { account, service, container, path, snapshot } = self;
        let resource = match (service, container, path) {
            (_, None, _) => Resource::service(*service, account),
            (Service::Blob, Some(container), None) => Resource::container(account, container),
            (Service::Blob, Some(container), Some(path)) => Resource::blob(account, container, path),
            (Service::File, Some(share), None) => Resource::share(account, share),
            (Service::File, Some(share), Some(path)) => Resource::file(account, share, path),
            (Service::Queue, Some(queue), None) => Resource::queue(account, queue),
            (Service::Table, Some(table), None) => Resource::table(account, table),
            (service, Some(name), Some(path)) => Resource::object(*service, account, name, path),
            _ => return Err("no such resource".to_owned()),
        };
        let resource = resource.map_err(|error| error.to_string())?;
        match snapshot {
            Some((SasKind::BlobSnapshot, text)) => resource.with_snapshot(text),
            Some((_, text)) => resource.with_version(text),
            None => Ok(resource),
        }
        .map_err(|error| error.to_string())
    }
}

/// Returns the path of a blob, a directory or a file. One SDK takes a list of names.
fn path(case: &Case) -> Option<String> {
    if let Some(names) = case.input.get("file_path") {
        return match names {
            Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("/")),
            Value::String(text) if text.starts_with('[') => {
                let names = text.trim_start_matches("['").trim_end_matches("']");
                Some(names.replace("', '", "/"))
            }
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
    }
    let directory = case.text(&["directory_name", "directoryName"]).map(|name| name.trim_matches('/'));
    let name = case.text(&["blobName", "blob_name", "file_name", "fileName", "path", "pathName"]);
    let names: Vec<&str> = directory.into_iter().chain(name).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.join("/"))
}
