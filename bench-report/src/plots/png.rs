//! SVG to PNG, with a font of our own: no machine's fonts decide how a plot looks.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

/// Pixels of the PNG per pixel of the SVG: sharp on dense screens.
const SCALE: f32 = 2.0;

/// Draws an SVG. The error is the library's own words.
pub fn rasterise(svg: &str) -> Result<Vec<u8>, String> {
    let options = usvg::Options {
        fontdb: fonts(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(SCALE)
        .ok_or("it has no area")?;
    let mut picture =
        tiny_skia::Pixmap::new(size.width(), size.height()).ok_or("it has no area")?;
    let scale = tiny_skia::Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut picture.as_mut());
    picture.encode_png().map_err(|error| error.to_string())
}

/// `sans-serif` is DejaVu Sans, carried in the executable.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut database = usvg::fontdb::Database::new();
        database.load_font_source(usvg::fontdb::Source::Binary(Arc::new(
            dejavu::sans::regular(),
        )));
        database.set_sans_serif_family("DejaVu Sans");
        Arc::new(database)
    };
    Arc::clone(FONTS.get_or_init(load))
}
