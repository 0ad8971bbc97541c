//! `hubward registry list`.

use core::error::Error;
use std::io::Write;

use clap::Args;
use hubward::types::{MacKey, Status};
use hubward_registry::{AuthenticationView, ExportKeys, RecordView};
use serde_json::Value;

use super::az;
use super::file::{FileArguments, RegistryFile};
use crate::out::{is_json, stdout};
use crate::{Outcome, shown, terminal};

/// The widest column of ids that is printed outside a terminal.
const WIDEST: usize = 64;

/// List the identities of a registry: a table, lines of JSON with `--json`, or the JSON of the az command line with `--az`.
/// Keys are never printed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: FileArguments,
    /// Only enabled devices and their modules.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
    /// Only disabled devices and their modules.
    #[arg(long)]
    disabled: bool,
    /// Only the device, and its modules.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// Only ids that begin with this text.
    #[arg(long, value_name = "ID")]
    starts_with: Option<String>,
    /// Print a JSON array as `az iot hub device-identity list` does, of the devices.
    #[arg(long)]
    az: bool,
}

pub(super) fn run(arguments: &List) -> Result<Outcome, Box<dyn Error>> {
    let file = RegistryFile::open(&arguments.file, is_json())?;
    let registry = &file.registry;
    let views: Vec<RecordView<'_, _>> = registry
        .iter()
        .filter(|view| {
            let device = view.identity().device().map_or("", |id| id.as_str()).to_owned();
            // a module has the status of its device
            let status = view.status();
            (!arguments.enabled || status == Status::Enabled)
                && (!arguments.disabled || status == Status::Disabled)
                && arguments.device.as_ref().is_none_or(|id| *id == device)
                && arguments.starts_with.as_ref().is_none_or(|start| device.starts_with(start.as_str()))
        })
        .collect();
    let mut out = stdout();
    if arguments.az {
        let devices: Vec<Value> =
            views.iter().filter(|view| !view.is_module()).map(az::device).collect::<Result<_, _>>()?;
        writeln!(out, "{:#}", Value::Array(devices))?;
        return Ok(Outcome::Good);
    }
    if is_json() {
        let mut line = String::new();
        for view in &views {
            line.clear();
            view.export(ExportKeys::LeftOut, &mut line)?;
            write!(out, "{line}")?;
        }
        return Ok(Outcome::Good);
    }
    table(&mut out, &views)?;
    Ok(Outcome::Good)
}

/// Prints a table that fits the terminal: the column of ids is as wide as the rest leaves.
fn table<K: MacKey>(out: &mut impl Write, views: &[RecordView<'_, K>]) -> std::io::Result<()> {
    const REST: usize = 38;
    let most = terminal::width().map_or(WIDEST, |width| width.saturating_sub(REST).max(12));
    let name = |view: &RecordView<'_, K>| shown::text(&view.identity()).to_string();
    let width = views.iter().map(|view| name(view).chars().count()).max().unwrap_or(8).clamp(8, most);
    writeln!(out, "{:<width$}  status    credential    etag", "identity")?;
    for view in views {
        let name = name(view);
        let cut: String = if name.chars().count() > width {
            name.chars().take(width.saturating_sub(1)).chain(['\u{2026}']).collect()
        } else {
            name
        };
        let status = if view.status() == Status::Enabled { "enabled" } else { "disabled" };
        let credential = match view.authentication() {
            AuthenticationView::Sas(_) => "keys",
            AuthenticationView::SelfSigned(_) => "thumbprint",
            AuthenticationView::CertificateAuthority => "CA",
            _ => "none",
        };
        writeln!(out, "{cut:<width$}  {status:<8}  {credential:<12}  {}", view.etag())?;
    }
    writeln!(out, "{} identities", views.len())
}
