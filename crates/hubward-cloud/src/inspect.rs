//! [`Inspection`]: recognises the scheme of a pasted text.

use crate::cosmos::Credential;
use crate::error::ParseError;
use crate::event_grid;
use crate::service_bus;
use crate::storage::Sas;
use crate::storage::shared_key::Authorization;
use crate::web::{CallbackUrl, FunctionUrl};

/// A text whose scheme was recognised and parsed. Nothing is verified, and `Debug` shows no secret.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Inspection<'a> {
    /// A token of Event Hubs or Service Bus.
    ServiceBus(service_bus::Token<'a>),
    /// A storage token, with the URL before it if there was one.
    Storage(Sas<'a>, Option<&'a str>),
    /// An `Authorization` header of Shared Key.
    SharedKey(Authorization<'a>),
    /// An `authorization` header of Cosmos DB.
    Cosmos(Credential<'a>),
    /// A token of Event Grid.
    EventGrid(event_grid::Token<'a>),
    /// A callback URL of Logic Apps.
    Callback(CallbackUrl<'a>),
    /// A URL of Functions with its key.
    Function(FunctionUrl<'a>),
}

/// Recognises the scheme of a text by its beginning and its fields, and parses it.
///
/// ```
/// use hubward_cloud::{Inspection, inspect};
///
/// let sig = "e1pyi8RFvgp7aMja4YBXPvgOCeV9awkCGv0Rwyw1Ky8%3D";
/// let text = format!("https://a.blob.core.windows.net/c/b?sv=2020-12-06&sr=b&sp=r&se=2030-01-01&sig={sig}");
/// let Some(Ok(Inspection::Storage(sas, Some(url)))) = inspect(&text) else { panic!("a storage token") };
/// assert_eq!(url, "https://a.blob.core.windows.net/c/b");
/// assert!(inspect("hello").is_none());
/// ```
///
/// # Errors
/// `None` if no scheme is recognised; [`ParseError`] if the text is malformed in the scheme that it begins like.
#[must_use]
pub fn inspect(text: &str) -> Option<Result<Inspection<'_>, ParseError>> {
    let text = text.trim();
    if text.starts_with("SharedAccessSignature ") {
        return Some(service_bus::Token::parse(text).map(Inspection::ServiceBus));
    }
    if text.starts_with("SharedKey") {
        return Some(Authorization::parse(text).map(Inspection::SharedKey));
    }
    if text.starts_with("type=") || text.starts_with("type%3D") || text.starts_with("type%3d") {
        return Some(Credential::parse(text).map(Inspection::Cosmos));
    }
    if text.starts_with("r=") {
        return Some(event_grid::Token::parse(text).map(Inspection::EventGrid));
    }
    let (url, query) = match text.split_once('?') {
        Some(("", query)) => (None, query),
        Some((url, query)) => (Some(url), query),
        None => (None, text),
    };
    let has = |name: &str| query.split('&').filter_map(|f| f.split_once('=')).any(|(own, _)| own == name);
    if url.is_some() && has("sig") && has("sv") && url.is_some_and(|url| url.contains("/triggers/")) {
        return Some(CallbackUrl::parse(text).map(Inspection::Callback));
    }
    if has("sig") && has("sv") {
        // the query of a URL also has parameters of the operation
        let sas = if url.is_some() { Sas::parse_request(query) } else { Sas::parse(query) };
        // the offset of an error is that in the whole text
        let skipped = text.len().saturating_sub(query.len());
        let sas = sas.map_err(|error| ParseError { offset: error.offset.saturating_add(skipped), ..error });
        return Some(sas.map(|sas| Inspection::Storage(sas, url)));
    }
    (url.is_some() && has("code")).then(|| FunctionUrl::parse(text).map(Inspection::Function))
}
