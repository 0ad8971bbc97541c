//! The program's own files: read a line at a time, sealed, and replaced whole or not at all.

mod lines;
mod lock;
mod replace;
mod seal;

pub(crate) use lines::Lines;
pub(crate) use replace::{Seen, replace, replace_saying};
pub(crate) use seal::{SealArguments, random, snapshot_of};
