//! `hubward registry show`.

use core::error::Error;
use std::io::Write;

use clap::Args;
use hubward::types::{Identity, MacKey, Shown, Status, SymmetricKey};
use hubward_registry::{AuthenticationView, ExportKeys, ListVerdict, RecordView, Registry};
use serde_json::json;
use zeroize::Zeroizing;

use super::IdentityArguments;
use super::file::{FileArguments, RegistryFile};
use crate::Outcome;
use crate::out::stdout;
use crate::shown;

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    identity: IdentityArguments,
    /// Also print the keys of the identity.
    #[arg(long, requires = "device")]
    with_keys: bool,
}

pub(super) fn run(arguments: &Show) -> Result<Outcome, Box<dyn Error>> {
    let file = RegistryFile::open(&arguments.file, crate::out::is_json())?;
    let Some(identity) = arguments.identity.identity()? else {
        summary(&file, crate::out::is_json())?;
        return Ok(Outcome::Good);
    };
    let Some(view) = file.registry.get(identity) else {
        writeln!(stdout(), "refused: there is no {}", shown::text(&identity))?;
        return Ok(Outcome::Refused);
    };
    if crate::out::is_json() {
        let keys = if arguments.with_keys { ExportKeys::Included } else { ExportKeys::LeftOut };
        let mut line = Zeroizing::new(String::with_capacity(4096));
        view.export(keys, &mut *line)?;
        write!(stdout(), "{}", *line)?;
    } else {
        record(&view, &file.registry, arguments.with_keys)?;
    }
    Ok(Outcome::Good)
}

/// The numbers of a summary.
#[derive(Default)]
struct Counts {
    devices: u64,
    modules: u64,
    disabled: u64,
    /// Identities with keys, with thumbprints, with a CA, and without credentials.
    proofs: [u64; 4],
}

fn summary(file: &RegistryFile, as_json: bool) -> Result<(), Box<dyn Error>> {
    let mut counts = Counts::default();
    for view in file.registry.iter() {
        let [keys, prints, authority, none] = &mut counts.proofs;
        let proof = match view.authentication() {
            AuthenticationView::Sas(_) => keys,
            AuthenticationView::SelfSigned(_) => prints,
            AuthenticationView::CertificateAuthority => authority,
            _ => none,
        };
        *proof = proof.saturating_add(1);
        let kind = if view.is_module() { &mut counts.modules } else { &mut counts.devices };
        *kind = kind.saturating_add(1);
        if !view.is_module() && view.status() == Status::Disabled {
            counts.disabled = counts.disabled.saturating_add(1);
        }
    }
    let Counts { devices, modules, disabled, proofs: [keys, prints, authority, none] } = counts;
    let lists = file.registry.access();
    let (blocked, allowed) = (lists.block().iter().count(), lists.allow().map(|list| list.iter().count()));
    let mut out = stdout();
    if as_json {
        let all = json!({
            "snapshot": file.snapshot(), "devices": devices, "modules": modules, "disabled": disabled,
            "sas": keys, "selfSigned": prints, "certificateAuthority": authority, "none": none,
            "blocked": blocked, "allowed": allowed,
        });
        writeln!(out, "{all:#}")?;
        return Ok(());
    }
    match file.snapshot() {
        None if file.has_lists() => writeln!(out, "file      a durable registry, with sealed keys")?,
        Some(counter) => writeln!(out, "file      sealed, snapshot {counter}")?,
        None => writeln!(out, "file      plain: every reader of the file can read the keys")?,
    }
    writeln!(out, "devices   {devices}, of which {disabled} disabled")?;
    writeln!(out, "modules   {modules}")?;
    writeln!(
        out,
        "proofs    {keys} by keys, {prints} by thumbprint, {authority} by a CA, {none} without credentials"
    )?;
    writeln!(out, "blocked   {blocked} on the list")?;
    match allowed {
        Some(count) => writeln!(out, "allowed   {count} on the list, and no others")?,
        None => writeln!(out, "allowed   all: no allow list is in force")?,
    }
    Ok(())
}

fn record<K: MacKey>(
    view: &RecordView<'_, K>,
    registry: &Registry<K>,
    with_keys: bool,
) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    let identity: Identity<'_> = view.identity();
    writeln!(out, "identity  {}", shown::text(&identity))?;
    let status = if view.status() == Status::Enabled { "enabled" } else { "disabled" };
    match view.status_reason() {
        Some(reason) => writeln!(out, "status    {status}: {}", Shown::new(reason))?,
        None => writeln!(out, "status    {status}")?,
    }
    let lists = match registry.access().verdict(&identity, &[]) {
        ListVerdict::Pass => "passes",
        ListVerdict::Blocked => "is blocked",
        ListVerdict::NotAllowed => "is not on the allow list",
    };
    writeln!(out, "lists     {lists}")?;
    writeln!(out, "etag      {}", view.etag())?;
    if view.capabilities().iot_edge {
        writeln!(out, "can       be a gateway for other devices (iotEdge)")?;
    }
    if let Some(scope) = view.device_scope() {
        writeln!(out, "scope     {}", Shown::new(scope.as_str()))?;
    }
    for parent in view.parent_scopes() {
        writeln!(out, "parent    {}", Shown::new(parent.as_str()))?;
    }
    match view.authentication() {
        AuthenticationView::Sas(keys) => {
            let slots = [("primary", keys.expose_primary()), ("secondary", keys.expose_secondary())];
            for (slot, key) in slots {
                key_line(&mut out, slot, key, with_keys)?;
            }
        }
        AuthenticationView::SelfSigned(prints) => {
            for print in [prints.primary(), prints.secondary()].into_iter().flatten() {
                writeln!(out, "proof     a certificate with thumbprint {print}")?;
            }
        }
        AuthenticationView::CertificateAuthority => writeln!(out, "proof     a certificate issued by a CA")?,
        _ => writeln!(out, "proof     none: it cannot authenticate")?,
    }
    Ok(())
}

/// Prints a line for a key. The key itself is printed only with `with_keys`.
pub(crate) fn key_line(
    out: &mut impl Write,
    slot: &str,
    key: Option<SymmetricKey>,
    with_keys: bool,
) -> std::io::Result<()> {
    match key {
        None => writeln!(out, "{slot:<10}no key"),
        Some(key) if with_keys => {
            let mut text = Zeroizing::new([0; 88]);
            writeln!(out, "{slot:<10}{}", key.expose_base64(&mut text))
        }
        Some(key) => writeln!(out, "{slot:<10}{} bytes, not shown", key.expose().len()),
    }
}
