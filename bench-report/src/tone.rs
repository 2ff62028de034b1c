//! Which way a finding goes: its sign, its colour, its name. Words always say the same.

use bench_record::wire::Verdict;

/// Which way a finding goes. Each is shown with a sign of its own beside the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Against the arena, or worse than before.
    Against,
    /// Some against, some for.
    Mixed,
    /// For the arena, or better than before.
    For,
    /// Shown to make no difference that matters.
    Same,
    /// Not shown either way.
    Unclear,
    /// A plain number, neither good nor bad.
    #[default]
    Plain,
    /// The record has no data on it.
    Missing,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Slower => Self::Against,
            Verdict::Faster => Self::For,
            Verdict::Same => Self::Same,
            Verdict::Inconclusive => Self::Unclear,
        }
    }
}

impl Tone {
    /// The sign beside a verdict; the words say the same.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Against => "▲",
            Self::Mixed => "◆",
            Self::For => "▼",
            Self::Same => "=",
            Self::Unclear => "?",
            Self::Plain => "•",
            Self::Missing => "○",
        }
    }

    /// Its name, as the page's style sheet has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Against => "against",
            Self::Mixed => "mixed",
            Self::For => "for",
            Self::Same => "same",
            Self::Unclear => "unclear",
            Self::Plain => "plain",
            Self::Missing => "missing",
        }
    }
}
