//! Words for a model and for whoever looks over its shoulder.

use countersign_core::display::visible;

/// The longest reason, in characters. Both hosts put longer texts into files that the model may
/// not read.
pub const MAX_REASON: usize = 2000;

const NONE: &str = "no reason was given";

/// The reason, short, visible and never empty.
pub(super) fn reason(text: &str) -> String {
    let short: String = text.trim().chars().take(MAX_REASON + 1).collect();
    let shown = visible(&short, true);
    match shown.char_indices().nth(MAX_REASON - 1) {
        _ if shown.is_empty() => NONE.to_owned(),
        Some((end, last)) if end + last.len_utf8() < shown.len() => {
            format!("{}…", shown.get(..end).unwrap_or_default())
        }
        _ => shown,
    }
}
