//! The conventions of `docs/CLI.md`, for every command and every argument of the program.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use core::any::TypeId;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};

/// Metavars of paths. A path has one of them, and no other value has.
const PATHS: [&str; 5] = ["FILE", "REGISTRY", "ENROLLMENTS", "BUNDLE", "FOLDER"];

/// Options whose metavar is fixed by their name.
const METAVARS: [(&str, &str); 21] = [
    ("now", "TIME"),
    ("expiry", "TIME"),
    ("expires", "TIME"),
    ("ttl", "DURATION"),
    ("output", "FILE"),
    ("rules", "RULES"),
    ("device", "ID"),
    ("module", "ID"),
    ("registration", "ID"),
    ("id-scope", "ID"),
    ("device-id", "ID"),
    ("group", "NAME"),
    ("policy", "NAME"),
    ("host", "HOST"),
    ("issuer", "THUMBPRINT"),
    ("thumbprint", "THUMBPRINT"),
    ("parent", "FOLDER"),
    ("output-folder", "FOLDER"),
    ("key-type", "TYPE"),
    ("reason", "REASON"),
    ("crl-url", "URL"),
];

/// Names that earlier versions had, and what replaces them.
const RETIRED: [(&str, &str); 9] = [
    ("at", "now"),
    ("out", "output"),
    ("to", "current or output"),
    ("file", "a positional FILE"),
    ("connection-string-file", "a positional FILE"),
    ("anchor", "ca"),
    ("profile", "rules"),
    ("key", "key-file or public-key"),
    ("compatible", "rules"),
];

/// Returns every command without subcommands, with its full name.
fn leaves(command: &Command, path: &str, all: &mut Vec<(String, Command)>) {
    let path = format!("{path} {}", command.get_name()).trim_start().to_owned();
    if !command.has_subcommands() {
        all.push((path, command.clone()));
        return;
    }
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        leaves(sub, &path, all);
    }
}

/// Returns every command of the program.
fn commands() -> Vec<(String, Command)> {
    let mut all = Vec::new();
    let mut root = hubward_cli::command();
    root.build();
    leaves(&root, "", &mut all);
    assert!(all.len() > 30, "{}", all.len());
    all
}

/// Returns the arguments of a command, without `--help` and `--version`.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()) || takes_value(arg))
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn metavar(arg: &Arg) -> String {
    arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CLI.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn options_have_the_names_of_the_conventions() {
    let mut wrong = Vec::new();
    for (name, command) in commands() {
        for option in arguments(&command).filter_map(Arg::get_long) {
            if let Some((_, instead)) = RETIRED.iter().find(|(retired, _)| *retired == option) {
                wrong.push(format!("{name}: --{option} is now {instead}"));
            }
        }
        let find = |long: &str| arguments(&command).find(|arg| arg.get_long() == Some(long));
        if find("output").is_some_and(|output| output.get_short() != Some('o') || find("force").is_none()) {
            wrong.push(format!("{name}: --output needs -o and --force"));
        }
        for arg in arguments(&command).filter(|arg| arg.is_positional() && is_path(arg)) {
            let is_managed = metavar(arg) != "FILE";
            if !is_managed && arg.is_required_set() {
                wrong.push(format!("{name}: an input FILE must have a default"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_path(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

#[test]
fn a_metavar_has_one_meaning() {
    let page = page();
    let mut wrong = Vec::new();
    for (name, command) in commands() {
        for arg in arguments(&command).filter(|arg| takes_value(arg)) {
            let (metavar, called) = (metavar(arg), arg.to_string());
            let expected = arg.get_long().and_then(|long| METAVARS.iter().find(|(name, _)| *name == long));
            if expected.is_some_and(|(_, expected)| *expected != metavar)
                || !page.contains(&format!("`{metavar}`"))
            {
                wrong.push(format!("{name}: {called}: metavar {metavar}"));
            }
            if is_path(arg) != PATHS.contains(&metavar.as_str()) {
                wrong.push(format!(
                    "{name}: {called}: FILE and its like are for paths, and paths have one of them"
                ));
            }
            let is_secret = arg.get_long().is_some_and(|long| long.ends_with("-file"));
            if is_secret && metavar != "FILE" {
                wrong.push(format!("{name}: {called}: -file names a FILE"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_and_every_option_is_documented() {
    let page = page();
    let mut wrong = Vec::new();
    for (name, command) in commands() {
        if command.get_about().is_none() {
            wrong.push(format!("{name}: no help"));
        }
        if !page.contains(&format!("`{name}`")) {
            wrong.push(format!("{name}: not in docs/CLI.md"));
        }
        for arg in arguments(&command) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            if !help.starts_with(|first: char| first.is_uppercase())
                || arg.get_value_names().is_some_and(|all| all.len() != 1)
            {
                wrong.push(format!("{name}: {arg}: help must be a sentence, and there is one metavar"));
            }
            let Some(long) = arg.get_long() else { continue };
            let called =
                if takes_value(arg) { format!("`--{long} {}`", metavar(arg)) } else { format!("`--{long}`") };
            if !page.contains(&called) {
                wrong.push(format!("{name}: {called} is not in docs/CLI.md"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_has_no_option_and_no_command_that_the_program_lacks() {
    let page = page();
    let commands = commands();
    let known: Vec<String> = commands
        .iter()
        .flat_map(|(_, command)| {
            arguments(command).filter_map(Arg::get_long).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for quoted in page.split('`').skip(1).step_by(2) {
        if let Some(option) = quoted.strip_prefix("--") {
            let long = option.split(' ').next().unwrap();
            assert!(long == "help" || known.iter().any(|known| known == long), "--{long}");
        }
        if quoted.starts_with("hubward ") {
            assert!(commands.iter().any(|(name, _)| name == quoted), "{quoted}");
        }
    }
}
