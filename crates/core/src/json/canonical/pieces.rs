//! In which order a text stands that was written in another.

use std::ops::Range;

/// The objects whose members came out of order, each after those inside it.
#[derive(Default)]
pub(super) struct Order {
    changes: Vec<Change>,
    /// The members of all of them, as ranges of the text, sorted within each object.
    members: Vec<Range<usize>>,
}

/// One such object.
struct Change {
    /// Its members and their commas, in the text as written.
    region: Range<usize>,
    /// Its members, in [`Order::members`].
    members: Range<usize>,
}

impl Order {
    pub(super) fn is_as_written(&self) -> bool {
        self.changes.is_empty()
    }

    /// Says that the text of `region` stands as `members`, with commas between them.
    pub(super) fn change(
        &mut self,
        region: Range<usize>,
        members: impl Iterator<Item = Range<usize>>,
    ) {
        let from = self.members.len();
        self.members.extend(members);
        self.changes.push(Change { region, members: from..self.members.len() });
    }

    /// The text from `at` on is taken back.
    pub(super) fn forget_from(&mut self, at: usize) {
        while let Some(last) = self.changes.pop_if(|last| last.region.start >= at) {
            self.members.truncate(last.members.start);
        }
    }

    /// Gives `text` to `take`, piece by piece, as it stands.
    pub(super) fn walk<'t>(&self, text: &'t [u8], take: &mut impl FnMut(&'t [u8])) {
        self.region(text, 0..text.len(), &self.changes, take);
    }

    /// `changes` are those inside `region`; no object is deeper than the writer allows.
    fn region<'t>(
        &self,
        text: &'t [u8],
        region: Range<usize>,
        changes: &[Change],
        take: &mut impl FnMut(&'t [u8]),
    ) {
        let mut plain = region.start;
        for (change, inner) in outermost(changes) {
            take(text.get(plain..change.region.start).unwrap_or_default());
            let members = self.members.get(change.members.clone()).unwrap_or_default();
            for (place, member) in members.iter().enumerate() {
                if place > 0 {
                    take(b",");
                }
                self.region(text, member.clone(), within(inner, member), take);
            }
            plain = change.region.end;
        }
        take(text.get(plain..region.end).unwrap_or_default());
    }
}

/// The changes that are inside no other, from left to right, each with those inside it.
fn outermost(changes: &[Change]) -> impl Iterator<Item = (&Change, &[Change])> {
    let (mut found, mut rest) = (Vec::new(), changes);
    while let Some((last, before)) = rest.split_last() {
        let (outside, inner) =
            before.split_at(before.partition_point(|c| c.region.start < last.region.start));
        found.push((last, inner));
        rest = outside;
    }
    found.into_iter().rev()
}

/// Those of `changes` that are inside `member`.
fn within<'c>(changes: &'c [Change], member: &Range<usize>) -> &'c [Change] {
    let from = changes.partition_point(|c| c.region.start < member.start);
    let to = changes.partition_point(|c| c.region.start < member.end);
    changes.get(from..to).unwrap_or_default()
}
