package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// The rows of the report's long tables: as the template would write them, but a template
// asks for each cell by name, and there are fifty thousand.
type rows struct{ strings.Builder }

// text adds a cell.
func (r *rows) text(s string) {
	r.WriteString("<td>")
	r.WriteString(template.HTMLEscapeString(s))
	r.WriteString("</td>")
}

// number adds a cell with a number as it is read; sorted by value if there is one.
func (r *rows) number(value, shown string) {
	r.WriteString(`<td class="n"`)
	if value != "" {
		r.WriteString(` data-v="`)
		r.WriteString(template.HTMLEscapeString(value))
		r.WriteString(`"`)
	}
	r.WriteString(">")
	r.WriteString(template.HTMLEscapeString(shown))
	r.WriteString("</td>")
}

func (r *rows) html() template.HTML { return template.HTML(r.String()) } //nolint:gosec // every cell is escaped

func flowRows(list []Flow) template.HTML {
	var r rows
	for i := range list {
		f := &list[i]
		r.WriteString("<tr>")
		for _, s := range [...]string{f.ID, f.From, f.To, f.Transport} {
			r.text(s)
		}
		start, finish := Seconds(f.Start), Seconds(f.Finish)
		r.number(start, start)
		if f.Finished() {
			r.number(finish, finish)
		} else {
			r.number(finish, "unfinished")
		}
		r.number(whole(f.Bytes), BytesText(f.Bytes))
		r.number(number(f.Rate), RateText(f.Rate))
		r.number("", whole(f.Lost))
		r.number(Seconds(f.LatencyMean), TimeText(f.LatencyMean))
		r.WriteString("<td>")
		r.WriteString(template.HTMLEscapeString(strings.Join(f.Path, " ")))
		if f.Error != "" {
			r.WriteString(` <span class="bad">`)
			r.WriteString(template.HTMLEscapeString(f.Error))
			r.WriteString("</span>")
		}
		r.WriteString("</td></tr>\n")
	}
	return r.html()
}

func linkRows(list []Link) template.HTML {
	var r rows
	for i := range list {
		l := &list[i]
		r.WriteString("<tr>")
		for _, s := range [...]string{l.Name, l.From, l.To} {
			r.text(s)
		}
		rate := "no limit"
		if l.Rate != 0 {
			rate = fmt.Sprint(l.Rate)
		}
		r.number(whole(int64(l.Rate)), rate)
		r.number(whole(l.Bytes), BytesText(l.Bytes))
		r.number("", whole(l.Drops))
		r.number("", percent(l.Utilisation))
		r.number("", percent(l.Peak))
		r.WriteString("</tr>\n")
	}
	return r.html()
}

func tableRows(list []Table) template.HTML {
	var r rows
	for i := range list {
		t := &list[i]
		r.WriteString("<tr>")
		r.text(t.Switch)
		for _, n := range [...]int{len(t.Rules), len(t.Groups), len(t.Meters)} {
			r.number("", strconv.Itoa(n))
		}
		r.WriteString("</tr>\n")
	}
	return r.html()
}

func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 2, 64) }
