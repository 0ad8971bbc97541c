//! `hubward ca init | issue | prove | revoke | crl | renew`: a fleet's own certificate authorities.

mod arguments;
mod crl;
mod existing;
mod fleet;
mod folder;
mod init;
mod issue;
mod new_file;
mod prove;
mod renew;

use core::error::Error;

use clap::Subcommand;

pub(crate) use arguments::KeyTypeArgument;
pub(crate) use new_file::{new_key, pem_text, read_key, write_new};

use crate::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a root CA, or a CA below another one, in a new folder.
    Init(init::Init),
    /// Issue the certificate of a device, a module or a server, or those of a whole fleet.
    Issue(issue::Issue),
    /// Prove to a hub that this CA's key is yours: sign a certificate with the hub's verification code.
    Prove(prove::Prove),
    /// Revoke certificates, and write the CA's next revocation list (CRL).
    Revoke(crl::Revoke),
    /// Write the CA's next revocation list (CRL), complete or as a delta, before the last one expires.
    Crl(crl::Next),
    /// Make the successor of a CA, with the same name and a new key or certificate, in a new folder.
    Renew(renew::Renew),
}

pub(crate) fn run(command: &Command) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Init(arguments) => init::run(arguments),
        Command::Issue(arguments) => issue::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
        Command::Revoke(arguments) => crl::revoke(arguments),
        Command::Crl(arguments) => crl::next(arguments),
        Command::Renew(arguments) => renew::run(arguments),
    }
}
