//! `hubward completions | man`: files for shells and for `man`, made of the tree of arguments.

use core::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

use crate::exit::misuse;
use crate::out::stdout;
use crate::{Outcome, shown};

/// Print the completions of a shell: bash, elvish, fish, powershell or zsh.
///
/// For bash: `hubward completions bash > ~/.local/share/bash-completion/completions/hubward`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Write a man page of the program and of each command to a folder.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder, which is created if it is missing.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn completions(arguments: &Completions) -> Result<Outcome, Box<dyn Error>> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::command(), "hubward", &mut text);
    stdout().write_all(&text)?;
    Ok(Outcome::Good)
}

pub(crate) fn man(arguments: &Man) -> Result<Outcome, Box<dyn Error>> {
    let folder = arguments.folder.as_path();
    let named = |error: std::io::Error| format!("{}: {error}", shown::file(folder));
    if folder.is_file() {
        return Err(misuse(format!("{} is a file, and a folder is needed", shown::file(folder))));
    }
    fs::create_dir_all(folder).map_err(named)?;
    let mut command = crate::command();
    command.build();
    let count = pages(&command, "hubward", folder).map_err(named)?;
    writeln!(stdout(), "{}: {count} pages", shown::file(folder))?;
    Ok(Outcome::Good)
}

/// Writes the page of a command, and those of the commands below it; returns their number.
fn pages(command: &Command, name: &str, folder: &Path) -> std::io::Result<usize> {
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(command.clone());
    page.render(&mut text)?;
    fs::write(folder.join(format!("{name}.1")), text)?;
    let mut count = 1_usize;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        count = count.saturating_add(pages(sub, &format!("{name}-{}", sub.get_name()), folder)?);
    }
    Ok(count)
}
