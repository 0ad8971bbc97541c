//! The program's files: read line by line, sealed, and replaced completely or not at all.

mod lines;
mod lock;
mod output;
mod replace;
mod seal;

pub(crate) use lines::Lines;
pub(crate) use output::OutputArguments;
pub(crate) use replace::{Seen, replace_saying};
pub(crate) use seal::{SealArguments, random, snapshot_of};
