//! Lines of arguments, and the argument that each word belongs to.

use core::any::TypeId;
use std::path::PathBuf;

use clap::{ArgAction, Command};

/// A line that works.
pub(super) struct Line {
    /// The names of its commands.
    pub(super) command: String,
    /// All arguments of its commands.
    pub(super) args: Vec<Arg>,
    words: Vec<Word>,
}

/// An argument of the tree.
pub(super) struct Arg {
    id: String,
    pub(super) name: String,
    pub(super) takes_value: bool,
    pub(super) is_positional: bool,
    pub(super) is_file: bool,
    /// The argument is a text that can be a file name.
    pub(super) is_perhaps_file: bool,
}

struct Word {
    text: String,
    /// The argument that the word is the value of.
    of: Option<String>,
    is_command: bool,
}

impl Line {
    pub(super) fn of(tree: &Command, line: &str) -> Self {
        let (mut command, mut path, mut words) = (tree, Vec::new(), Vec::new());
        let mut args: Vec<Arg> = arguments(tree);
        let mut positionals = tree.get_positionals();
        let mut texts = line.split(' ');
        while let Some(text) = texts.next() {
            let mut word = Word { text: text.to_owned(), of: None, is_command: false };
            if let Some(name) = text.strip_prefix("--") {
                let mut all = command.get_arguments().chain(tree.get_arguments());
                let arg = all.find(|arg| arg.get_long() == Some(name));
                let arg = arg.unwrap_or_else(|| panic!("{line}: no option {text}"));
                words.push(word);
                if arg.get_action().takes_values() {
                    let value = texts.next().unwrap_or_else(|| panic!("{line}: {text} takes a value"));
                    word = Word {
                        text: value.to_owned(),
                        of: Some(arg.get_id().to_string()),
                        is_command: false,
                    };
                    words.push(word);
                }
                continue;
            }
            if let Some(below) = command.find_subcommand(text) {
                (command, word.is_command) = (below, true);
                path.push(text);
                args.extend(arguments(below));
                positionals = below.get_positionals();
            } else {
                // the last argument may take many values
                let arg = positionals.next().or_else(|| command.get_positionals().last());
                word.of = arg.map(|arg| arg.get_id().to_string());
            }
            words.push(word);
        }
        Self { command: path.join(" "), args, words }
    }

    pub(super) fn has(&self, arg: &Arg) -> bool {
        let flag = format!("--{}", arg.name);
        self.words.iter().any(|word| word.of.as_ref() == Some(&arg.id) || word.text == flag)
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.words.iter().map(|word| word.text.clone()).collect()
    }

    /// Returns the words with another one at the end.
    pub(super) fn with_word(&self, word: String) -> Vec<String> {
        let mut words = self.words();
        words.push(word);
        words
    }

    /// Returns the words with that value of an argument.
    pub(super) fn with(&self, arg: &Arg, value: &str) -> Vec<String> {
        let mut words = self.words();
        let at = self.words.iter().position(|word| word.of.as_ref() == Some(&arg.id));
        match at {
            Some(at) => words[at] = value.to_owned(),
            None if arg.is_positional => words.push(value.to_owned()),
            None => words.extend([format!("--{}", arg.name), value.to_owned()]),
        }
        words
    }

    /// Returns the words with a text in place of the last command.
    pub(super) fn instead_of_command(&self, text: &str) -> Vec<String> {
        let mut words = self.words();
        let at = self.words.iter().rposition(|word| word.is_command).unwrap();
        words[at] = text.to_owned();
        words
    }
}

fn arguments(command: &Command) -> Vec<Arg> {
    let own = command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()));
    own.map(|arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().to_lowercase();
        let name = arg.get_long().unwrap_or(arg.get_id().as_str());
        Arg {
            id: arg.get_id().to_string(),
            name: name.to_owned(),
            takes_value: matches!(arg.get_action(), ArgAction::Set | ArgAction::Append),
            is_positional: arg.is_positional(),
            is_file: arg.get_value_parser().type_id() == TypeId::of::<PathBuf>(),
            is_perhaps_file: help.contains("file"),
        }
    })
    .collect()
}

/// Returns the names of all commands without subcommands.
pub(super) fn leaves(tree: &Command) -> Vec<String> {
    let mut all = Vec::new();
    for command in tree.get_subcommands().filter(|command| command.get_name() != "help") {
        let below = leaves(command);
        let name = command.get_name().to_owned();
        if below.is_empty() {
            all.push(name);
        } else {
            all.extend(below.into_iter().map(|below| format!("{name} {below}")));
        }
    }
    all
}
