//! Free text of a record without what steers a terminal or breaks a page.
//!
//! Names are refused with control characters (see [`crate::validate`]); a commit's
//! subject, a command line or what a guest said may hold anything, and is shown.

use std::borrow::Cow;

use crate::wire::{Comparison, Environment, Record, SelfCheck};

/// `text` with line ends and tabs as spaces and other control characters in their
/// escaped form, such as `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => clean.push(' '),
            c if c.is_control() => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

/// Makes all free text of a record visible.
pub(crate) fn clean(record: &mut Record) {
    environment(&mut record.environment);
    record.comparisons.iter_mut().for_each(comparison);
    if let Some(check) = &mut record.self_check {
        self_check(check);
    }
    for failure in &mut record.failures {
        text(&mut failure.why);
    }
    if let Some(growth) = &mut record.growth {
        growth.comparisons.iter_mut().for_each(comparison);
        growth.environment.iter_mut().for_each(environment);
        let advice = growth.plans.iter_mut().flat_map(|plan| &mut plan.advice);
        advice.for_each(|advice| text(&mut advice.reason));
    }
    for payload in record.ladder.iter_mut().flat_map(|it| &mut it.payloads) {
        text(&mut payload.command);
        text(&mut payload.finished);
        let steps = payload.steps.iter_mut();
        steps.for_each(|step| text(&mut step.unstable));
        let sets = payload.self_checks.iter_mut();
        sets.for_each(|set| self_check(&mut set.check));
    }
}

fn text(text: &mut String) {
    if let Cow::Owned(clean) = visible(text) {
        *text = clean;
    }
}

fn environment(environment: &mut Environment) {
    for value in [
        &mut environment.subject,
        &mut environment.author,
        &mut environment.rustc,
        &mut environment.profile,
        &mut environment.flags,
        &mut environment.allocators,
        &mut environment.cpu,
        &mut environment.kernel,
        &mut environment.libc,
        &mut environment.valgrind,
        &mut environment.tunables,
        &mut environment.guest_sha256,
        &mut environment.host_sha256,
        &mut environment.branch,
        &mut environment.command,
    ] {
        text(value);
    }
    let observed = std::mem::take(&mut environment.observed);
    let visible = |text: String| visible(&text).into_owned();
    environment.observed = observed
        .into_iter()
        .map(|(name, value)| (visible(name), visible(value)))
        .collect();
}

fn comparison(comparison: &mut Comparison) {
    text(&mut comparison.why);
}

fn self_check(check: &mut SelfCheck) {
    text(&mut check.why);
    check.comparisons.iter_mut().for_each(comparison);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;
    use crate::wire::Failure;

    #[test]
    fn what_steers_a_terminal_is_shown_as_text() {
        assert_eq!(visible("plain ✓"), "plain ✓");
        assert_eq!(visible("a\nb\tc"), "a b c");
        assert_eq!(visible("\u{1b}[2J\u{0}"), "\\u{1b}[2J\\u{0}");
    }

    #[test]
    fn no_free_text_of_a_record_keeps_a_control_character() {
        let mut record = synthetic::record(1);
        let bad = || "\u{1b}[31mred".to_owned();
        record.environment.subject = bad();
        record.environment.command = bad();
        record.environment.observed.insert(bad(), bad());
        record.comparisons[0].why = bad();
        record.self_check.as_mut().expect("it has one").why = bad();
        record.failures.push(Failure {
            id: "drain/u64/arena".to_owned(),
            why: bad(),
        });
        clean(&mut record);
        let text = format!("{record:?}");
        assert!(!text.contains("\\u{1b}[31m") || !text.contains('\u{1b}'));
        let json = serde_json::to_string(&record).expect("JSON");
        assert!(!json.contains("\\u001b"), "{json}");
    }
}
