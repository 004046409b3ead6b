"""A notebook as one HTML file, where no page is that could draw it: for `foldbook export`.

    html = document.write(notebook, blobs.get)     # `document.needed` tells which blobs

What the page makes of a notebook (``site/web_page.js``) with Python's means: Markdown by
markdown-it-py, formulas as MathML by latex2mathml, code coloured by Pygments, the HTML of prose
cleaned by nh3; outputs that bring HTML or scripts in sandboxed frames. No network, readable
without scripts, in the reader's own light or dark. nbconvert's HTML is none of that: it loads
MathJax and RequireJS from elsewhere, and runs what outputs bring in the page itself.

Native only: nothing of it is loaded in the browser.
"""
