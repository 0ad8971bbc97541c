//! The URL of a storage resource.

use hubward_cloud::Problem;
use hubward_cloud::storage::{Resource, Service};

/// Returns the resource of `https://{account}.{service}.{suffix}/{path}`, without a query.
pub(crate) fn resource(url: &str) -> Result<Resource<'_>, Problem> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(Problem::Url)?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(at).ok_or(Problem::Url)?;
    let (account, suffix) = host.split_once('.').ok_or(Problem::Url)?;
    let label = suffix.split('.').next().unwrap_or_default();
    let service = Service::from_host_label(label).ok_or(Problem::Url)?;
    Resource::from_path(service, account, if path.is_empty() { "/" } else { path })
}

#[cfg(test)]
mod tests {
    use super::resource;

    #[test]
    fn a_url_names_account_service_and_path() {
        let blob = resource("https://contosoacct.blob.core.windows.net/plant/dev1/log%201.txt").unwrap();
        assert_eq!(blob.account(), "contosoacct");
        assert!(blob.path().unwrap().is("dev1/log 1.txt"));
        assert!(resource("https://contosoacct.queue.core.windows.net").unwrap().container_name().is_none());
        for wrong in ["", "contosoacct", "https://contosoacct.example/x", "ftp://a.blob.example/x"] {
            assert!(resource(wrong).is_err(), "{wrong}");
        }
    }
}
