//! A drawing in fewer bytes: what plotters draws piece by piece, such as the dashes of a
//! line or the points of a series, becomes one path, and attributes that say what is so
//! anyway are left out. The picture is the same.
//!
//! Knows the form that plotters writes: an element a line. What has another form stays.

/// Attributes of plotters that an SVG in a page needs not.
const NEEDLESS: [&str; 3] = [
    " opacity=\"1\"",
    " stroke-width=\"1\"",
    // The page's style sheet has it once for all.
    " font-family=\"sans-serif\"",
];

/// The same drawing, smaller.
pub fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() / 2);
    let mut open = None;
    for line in svg.lines() {
        let shape = shape(line);
        let attributes = shape
            .as_ref()
            .map(|shape| (shape.is_closed, shape.attributes));
        if open.is_some() && attributes != open {
            out.push_str("\"/>\n");
        }
        match shape {
            Some(shape) => {
                if attributes != open {
                    out.push_str(&format!("<path{} d=\"", shape.attributes));
                }
                out.push('M');
                out.push_str(shape.points);
                out.push_str(if shape.is_closed { "z" } else { "" });
            }
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
        open = attributes;
    }
    NEEDLESS
        .iter()
        .fold(out, |out, needless| out.replace(needless, ""))
}

/// A line of plotters that a path can stand for.
struct Shape<'a> {
    is_closed: bool,
    /// All but the points, with a space before the first.
    attributes: &'a str,
    points: &'a str,
}

fn shape(line: &str) -> Option<Shape<'_>> {
    let polygon = line.strip_prefix("<polygon").map(|rest| (true, rest));
    let polyline = || line.strip_prefix("<polyline").map(|rest| (false, rest));
    let (is_closed, rest) = polygon.or_else(polyline)?;
    let (attributes, points) = rest.strip_suffix(" \"/>")?.split_once(" points=\"")?;
    Some(Shape {
        is_closed,
        attributes,
        points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_one_look_become_one_path_and_all_else_stays() {
        let drawn = "<svg>\n\
            <polygon opacity=\"1\" fill=\"#111111\" points=\"1,2 3,4 5,6 \"/>\n\
            <polygon opacity=\"1\" fill=\"#111111\" points=\"7,8 9,9 1,1 \"/>\n\
            <polygon opacity=\"0.2\" fill=\"#111111\" points=\"0,0 1,1 \"/>\n\
            <text x=\"1\" font-family=\"sans-serif\" opacity=\"1\">\n&lt;polygon points\n</text>\n\
            <polyline fill=\"none\" stroke=\"#222222\" stroke-width=\"1\" points=\"1,1 2,2 \"/>\n\
            </svg>\n";
        let expected = "<svg>\n\
            <path fill=\"#111111\" d=\"M1,2 3,4 5,6zM7,8 9,9 1,1z\"/>\n\
            <path opacity=\"0.2\" fill=\"#111111\" d=\"M0,0 1,1z\"/>\n\
            <text x=\"1\">\n&lt;polygon points\n</text>\n\
            <path fill=\"none\" stroke=\"#222222\" d=\"M1,1 2,2\"/>\n\
            </svg>\n";
        assert_eq!(compact(drawn), expected);
    }

    #[test]
    fn a_drawing_without_such_shapes_is_left_as_it_is() {
        let drawn = "<svg>\n<rect x=\"1\"/>\n<polygon points='1,1'/>\n</svg>\n";
        assert_eq!(compact(drawn), drawn);
    }
}
