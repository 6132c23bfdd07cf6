//! The four digits of a critical call: whoever types them looked at the call that waits.
//!
//! The asking side shows them where the call waits ([`ArtifactHash::look_digits`]). They are no
//! secret and prove nothing to the enforcer: they keep a person from saying yes to a call that they
//! only know from the request.
//!
//! [`ArtifactHash::look_digits`]: countersign_core::artifact::ArtifactHash::look_digits

use crate::open::Opened;
use countersign_core::artifact::Risk;

/// Whether a yes to it takes its digits.
#[must_use]
pub fn takes_digits(opened: &Opened) -> bool {
    opened.route().is_some_and(|route| route.risk == Risk::Critical)
}

/// Whether these are its digits. What changes is another question, and has others.
#[must_use]
pub fn digits_fit(opened: &Opened, typed: &str) -> bool {
    typed.trim() == opened.artifact().head.artifact_hash.look_digits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Ask, opened, route};
    use countersign_core::artifact::Route;

    #[test]
    fn attack_09_only_the_digits_of_this_very_artifact_fit() {
        let opened = opened(&Ask::default());
        let digits = opened.artifact().head.artifact_hash.look_digits();
        assert!(digits_fit(&opened, &digits) && digits_fit(&opened, &format!(" {digits}\n")));
        let one = |at: usize| {
            let next = |(n, c): (usize, char)| if n == at { turned(c) } else { c };
            digits.chars().enumerate().map(next).collect::<String>()
        };
        let others = (0..4).map(one).chain([String::new(), "0".into(), format!("{digits}0")]);
        others.for_each(|typed| assert!(!digits_fit(&opened, &typed), "{typed}"));
    }

    #[test]
    fn only_what_is_critical_takes_them() {
        for (risk, takes) in [(Risk::Low, false), (Risk::High, false), (Risk::Critical, true)] {
            let ask = Ask { route: Some(Route { risk, ..route() }), ..Ask::default() };
            assert_eq!(takes_digits(&opened(&ask)), takes, "{risk:?}");
        }
        assert!(!takes_digits(&opened(&Ask { route: None, ..Ask::default() })));
    }

    fn turned(digit: char) -> char {
        if digit == '9' { '0' } else { char::from(digit as u8 + 1) }
    }
}
