//! The file of a signed request: the line `GET /path?query`, then one header in each line.

use core::error::Error;
use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::misuse;
use crate::secret;

/// A request, as its file has it.
pub(crate) struct RequestText<'t> {
    pub(crate) method: &'t str,
    pub(crate) target: &'t str,
    pub(crate) headers: Vec<(&'t str, &'t str)>,
}

/// Reads the file of `--request`.
pub(crate) fn read(file: Option<&Path>) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let file = file.ok_or_else(|| misuse("this scheme signs a request: --request names its file"))?;
    secret::read(Some(file), "")
}

/// Parses a request. The version of HTTP may follow the target; the body does not belong to the text.
pub(crate) fn parse(text: &str) -> Result<RequestText<'_>, Box<dyn Error>> {
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err("the request must begin with a line such as `GET /path`".into());
    };
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or("a line of the request is no header `name: value`")?;
        headers.push((name, value.trim()));
    }
    Ok(RequestText { method, target, headers })
}

impl<'t> RequestText<'t> {
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&'t str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// Returns the target without its query.
    pub(crate) fn path(&self) -> &'t str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the request as Cosmos DB signs it.
    pub(crate) fn cosmos(&self) -> Result<hubward_cloud::cosmos::Request<'t>, Box<dyn Error>> {
        use hubward_cloud::cosmos::{Request, Verb};
        let mut request = Request::from_path(Verb::parse(self.method)?, self.path())?;
        if let Some(date) = self.header("x-ms-date") {
            request = request.with_ms_date(date)?;
        }
        if let Some(date) = self.header("date") {
            request = request.with_date(date)?;
        }
        Ok(request)
    }
}
