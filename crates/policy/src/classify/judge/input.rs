//! What a program reads, as far as the line around it says.

use crate::classify::shell::{Redirect, Script, Simple, Word};

/// What a program reads from its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// What was there before, or another program's output.
    Unknown,
    /// The same, where nothing in the line gives it any: whoever may type into it does.
    Typed,
    /// Exactly this text.
    Text(String),
}

/// What a command reads, as far as the line itself says.
pub(super) fn input_of(script: &Script, simple: &Simple) -> Input {
    let last = simple.redirects.iter().rev().find(|(redirect, _)| redirect.is_input());
    match last {
        Some((Redirect::Text, word)) => return Input::Text(word.text.clone()),
        // A terminal, or what was there before, has names of its own.
        Some((_, word)) if word.text.starts_with("/dev/") => return Input::Typed,
        Some(_) => return Input::Unknown,
        None => {}
    }
    match simple.piped_from.and_then(|index| script.commands.get(index)) {
        None => Input::Typed,
        Some(before) if hands_on(before) => Input::Typed,
        Some(before) => printed(before).map_or(Input::Unknown, Input::Text),
    }
}

/// `exec <FILE`: the standard input of the shell itself, which may be where it reads its lines.
pub(super) fn leads_the_shell(simple: &Simple) -> bool {
    let plain = |word: &Word| matches!(word.text.as_str(), "exec" | "command" | "builtin" | "--");
    simple.words.iter().any(|word| word.text == "exec")
        && simple.words.iter().all(plain)
        && simple.redirects.iter().any(|(redirect, _)| redirect.is_input())
}

/// Whether a command at the beginning of a line repeats what is typed into it, and names no file.
fn hands_on(simple: &Simple) -> bool {
    let typed = simple.piped_from.is_none()
        && !simple.redirects.iter().any(|(redirect, _)| redirect.is_input());
    let Some((program, args)) = simple.words.split_first() else { return false };
    let named = |word: &Word| !word.text.starts_with('-') && !word.text.starts_with("/dev/");
    typed && matches!(program.text.as_str(), "cat" | "tee") && !args.iter().any(named)
}

/// What a command prints, where it only repeats its arguments or a text of the line.
fn printed(simple: &Simple) -> Option<String> {
    if simple.redirects.iter().any(|(redirect, _)| *redirect == Redirect::Write) {
        return None;
    }
    let (program, args) = simple.words.split_first()?;
    let text = match (program.text.as_str(), args) {
        ("echo", args) => {
            let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
            words.join(" ")
        }
        ("cat", []) => match simple.redirects.as_slice() {
            [(Redirect::Text, word)] => word.text.clone(),
            _ => return None,
        },
        _ => return None,
    };
    // Shells differ in what a backslash or an option of `echo` means.
    (!text.contains('\\') && !text.starts_with('-')).then_some(text)
}
