//! Picking cases by name.

use regex::Regex;

use super::Case;

/// How many near names an unsuccessful filter is told.
const NEAREST: usize = 4;

/// A filter that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    #[error("--filter {pattern:?}: {source}")]
    Syntax {
        pattern: String,
        source: regex::Error,
    },
    #[error("--filter {pattern:?} matches no case; the nearest are {}", nearest.join(", "))]
    NoMatch {
        pattern: String,
        nearest: Vec<String>,
    },
}

/// The cases whose id matches the regular expression `pattern`; all of them
/// without one.
pub fn select(cases: Vec<Case>, pattern: Option<&str>) -> Result<Vec<Case>, FilterError> {
    let Some(pattern) = pattern else {
        return Ok(cases);
    };
    let regex = Regex::new(pattern).map_err(|source| FilterError::Syntax {
        pattern: pattern.to_owned(),
        source,
    })?;
    let (chosen, others): (Vec<Case>, Vec<Case>) = cases
        .into_iter()
        .partition(|case| regex.is_match(&case.id()));
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let mut near: Vec<(f64, String)> = others
        .iter()
        .map(|case| (strsim::jaro_winkler(pattern, &case.id()), case.id()))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let nearest = near.into_iter().take(NEAREST).map(|(_, id)| id).collect();
    Err(FilterError::NoMatch {
        pattern: pattern.to_owned(),
        nearest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalog;

    #[test]
    fn a_filter_is_a_regular_expression_on_the_id() {
        let chosen = select(catalog::all(), Some("^drain/u64/(arena|alloc)$")).unwrap();
        let ids: Vec<String> = chosen.iter().map(Case::id).collect();
        assert_eq!(ids, ["drain/u64/arena", "drain/u64/alloc"]);
    }

    #[test]
    fn a_filter_that_matches_nothing_is_told_the_nearest_names() {
        let refused = select(catalog::all(), Some("drain/byte-4KiB/arena")).unwrap_err();
        assert!(
            refused.to_string().contains("drain/bytes-4KiB/arena"),
            "{refused}"
        );
        assert!(select(catalog::all(), Some("(")).is_err());
    }
}
