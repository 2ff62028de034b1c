//! What every page shares: its frame, its scripts, and how text and data get into it.
//!
//! All text is escaped, data is embedded as JSON that cannot end its element, and the
//! page's content policy allows exactly the scripts that are part of it, by their hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use sha2::{Digest, Sha256};

const CHART_LIBRARY: &str = include_str!("../assets/vendor/uplot-1.6.32/uPlot.iife.min.js");
const CHART_STYLE: &str = include_str!("../assets/vendor/uplot-1.6.32/uPlot.min.css");
const CHART_LICENCE: &str = include_str!("../assets/vendor/uplot-1.6.32/LICENSE");
const STYLE: &str = include_str!("../assets/page.css");
const CORE: &str = include_str!("../assets/core.js");
const CHARTS: &str = include_str!("../assets/charts.js");
const PAGE: &str = include_str!("../assets/page.js");
pub(super) const REPORT: &str = include_str!("../assets/report.js");
pub(super) const DASHBOARD: &str = include_str!("../assets/dashboard.js");

/// Text as HTML text, also within a quoted attribute.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// JSON that may stand inside a script element: it holds no `<`, so it can neither end the
/// element nor open a comment, and no line separator that older parsers end a line at.
pub(super) fn json<T: Serialize>(data: &T) -> serde_json::Result<String> {
    let raw = serde_json::to_string(data)?;
    Ok(raw
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}

/// A whole document around a body. `title` is raw text, `body` finished HTML, `data` what
/// [`json`] made, `script` what only this kind of page runs.
pub(super) fn document(title: &str, body: &str, data: &str, script: &str) -> String {
    let scripts = [CHART_LIBRARY, CORE, CHARTS, PAGE, script];
    let hashes: Vec<_> = scripts
        .iter()
        .map(|script| format!("'sha256-{}'", BASE64.encode(Sha256::digest(script))))
        .collect();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {}; base-uri 'none'; form-action 'none'",
        hashes.join(" ")
    );
    let scripts: String = scripts
        .iter()
        .map(|script| format!("<script>{script}</script>\n"))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{CHART_STYLE}{STYLE}</style>\n</head>\n\
         <body>\n{body}\n\
         <!-- The charts are drawn by uPlot 1.6.32.\n{CHART_LICENCE}-->\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n{scripts}</body>\n</html>\n",
        title = text(title),
    )
}

pub(super) fn footer() -> String {
    format!(
        "<footer><p>Made by arena-bench {}. Everything on this page is in this file.</p></footer>\n\
         <p id=\"live\" class=\"visually-hidden\" aria-live=\"polite\"></p>",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_can_neither_end_its_element_nor_a_line() {
        let told = json(&"</script><!-- \u{2028}&").expect("text is JSON");
        assert_eq!(told, r#""\u003c/script\u003e\u003c!-- \u2028\u0026""#);
    }

    #[test]
    fn text_keeps_within_elements_and_attributes() {
        assert_eq!(
            text("<a href=\"x\" b='y'>&"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;"
        );
    }

    #[test]
    fn no_script_of_the_page_can_end_its_own_element() {
        for script in [CHART_LIBRARY, CORE, CHARTS, PAGE, REPORT, DASHBOARD] {
            assert!(!script.to_lowercase().contains("</script"));
        }
    }
}
