//! One pass over a document, as far as stores use XML: no declarations of their own.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Elements within elements that are accepted.
const MAX_DEPTH: usize = 32;
/// Elements that are accepted: a page of 1,000 objects has some 15,000. Each takes far more memory
/// than the four bytes in which a document can say it.
pub(super) const MAX_ELEMENTS: usize = 1_000_000;

/// Is told what a document holds, in its order.
pub trait Visitor<'a> {
    /// An element begins. The name is without its namespace prefix.
    fn open(&mut self, name: &'a str);
    /// Where the text of the innermost open element is gathered.
    fn text(&mut self) -> Option<&mut Cow<'a, str>>;
    /// The innermost open element ends.
    fn close(&mut self);
}

/// Shows a whole document to a visitor; `None` when it is not well-formed, too deep or of too many
/// elements. Then what the visitor was told means nothing.
pub fn walk<'a>(document: &'a [u8], visitor: &mut impl Visitor<'a>) -> Option<()> {
    let document = std::str::from_utf8(document).ok()?;
    let mut reader = Reader::from_str(document);
    let (mut depth, mut count, mut ended) = (0, 0, false);
    loop {
        let event = reader.read_event().ok()?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                count += 1;
                if ended || depth == MAX_DEPTH || count > MAX_ELEMENTS {
                    return None;
                }
                let name = within(document, start.local_name().into_inner())?;
                if name.is_empty() {
                    return None;
                }
                visitor.open(name);
                if matches!(event, Event::Start(_)) {
                    depth += 1;
                } else {
                    visitor.close();
                    ended = depth == 0;
                }
            }
            Event::End(_) => {
                // The reader has compared the names.
                visitor.close();
                depth -= 1;
                ended = depth == 0;
            }
            Event::Text(text) if depth == 0 => {
                if !text.chars().all(char::is_whitespace) {
                    return None;
                }
            }
            Event::CData(_) | Event::GeneralRef(_) if depth == 0 => return None,
            Event::Text(text) => append(visitor.text()?, within(document, text)?),
            Event::CData(text) => append(visitor.text()?, within(document, text)?),
            Event::GeneralRef(reference) => {
                let text = visitor.text()?;
                if text.is_empty() {
                    // A quoted tag: its text is known to be longer.
                    *text = String::with_capacity(48).into();
                }
                match reference.resolve_char_ref().ok()? {
                    Some(character) => text.to_mut().push(character),
                    // Only the five that XML predefines: nothing can be declared.
                    None => text
                        .to_mut()
                        .push_str(resolve_predefined_entity(reference)?),
                }
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            // Stores send none, and it could declare entities.
            Event::DocType(_) => return None,
            Event::Eof => return (depth == 0 && ended).then_some(()),
        }
    }
}

/// A part of the document that the reader only lends for a moment, as long as the document lives.
fn within<'a>(document: &'a str, part: &str) -> Option<&'a str> {
    let start = (part.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
    document.get(start..start + part.len())
}

fn append<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    match text {
        Cow::Owned(text) => text.push_str(piece),
        Cow::Borrowed("") => *text = piece.into(),
        Cow::Borrowed(_) if piece.is_empty() => {}
        Cow::Borrowed(_) => text.to_mut().push_str(piece),
    }
}
