//! What this program knows of policies besides the texts that somebody accepted.

use super::layers::built_in;
use crate::entry::NO_POLICY;
use crate::question::fixed_hash;
use countersign_core::bundle::Known;

/// What a check of policy hashes is told: the built-in policy of this version, and what stands in
/// place of a policy hash.
#[must_use]
pub fn known() -> Known {
    Known { builtin: Some(built_in().sha256), own: vec![fixed_hash(), NO_POLICY] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_that_checks_bundles_knows_the_same() {
        let page = include_str!("../../../../web/console/src/verify/known.ts");
        let told: Vec<&str> = page.split('"').filter(|part| part.len() == 64).collect();
        let known = known();
        let own = known.own.iter().map(ToString::to_string);
        let all: Vec<String> = known.builtin.iter().map(ToString::to_string).chain(own).collect();
        assert_eq!(told, all);
    }
}
