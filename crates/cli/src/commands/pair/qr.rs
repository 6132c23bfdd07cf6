//! A QR code on a terminal.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Black on white, whatever the terminal's own colours are.
const PAPER: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

/// The code with words around it; nothing where it does not fit between the margins, because a
/// broken one is worse than none.
///
/// Without colours the light modules are drawn, as for a dark terminal: most cameras read either.
pub(super) fn drawn(text: &str, columns: usize, color: bool) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else {
        return String::new();
    };
    let mut renderer = code.render::<Dense1x2>();
    if !color {
        renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
    }
    let picture = renderer.quiet_zone(true).build();
    if picture.lines().any(|line| line.chars().count() > columns) {
        return String::new();
    }
    let paint =
        |line: &str| if color { format!("{PAPER}{line}{PLAIN}\n") } else { format!("{line}\n") };
    let picture: String = picture.lines().map(paint).collect();
    format!("Or scan this:\n\n{picture}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "http://127.0.0.1:8787/pair#v=1&g=aHR0cDovLzEyNy4wLjAuMTo4Nzg3";

    #[test]
    fn a_code_that_does_not_fit_is_left_out() {
        assert!(drawn(LINK, 120, false).starts_with("Or scan"));
        assert_eq!(drawn(LINK, 40, false), "");
    }

    #[test]
    fn colours_are_used_only_where_they_may_be() {
        assert!(!drawn(LINK, 120, false).contains('\x1b'));
        let coloured = drawn(LINK, 120, true);
        assert_eq!(coloured.matches(PAPER).count(), coloured.matches(PLAIN).count());
        assert!(coloured.contains(PAPER));
    }

    #[test]
    fn every_row_is_as_wide_as_the_others() {
        let text = drawn(LINK, 120, false);
        let rows = text.lines().skip(2).filter(|l| !l.is_empty());
        let widths: Vec<usize> = rows.map(|l| l.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{widths:?}");
    }
}
