//! Completions of shells, and man pages.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

mod common;

use common::Folder;

#[test]
fn each_shell_has_completions() {
    let folder = Folder::new("completions");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = folder.well(&format!("completions {shell}"));
        assert!(text.contains("diagnose") && text.contains("seal-key-file"), "{shell}");
    }
    assert_eq!(folder.hubward("completions tcsh").0, 2);
}

#[test]
fn each_command_has_a_man_page() {
    let folder = Folder::new("man");
    folder.well("man pages");
    let pages = std::fs::read_dir(folder.path("pages")).unwrap().count();
    assert!(pages > 60, "{pages}");
    let page = folder.text("pages/hubward-token-verify.1");
    assert!(page.contains(".TH") && page.contains("hubward") && page.contains("\\-\\-key\\-file"), "{page}");
}
