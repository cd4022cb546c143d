"""Chromium, as the tests of the page use it: through Playwright, in a process of Node."""

import base64
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.source_tree import ROOT

NODE = ROOT / ".venv-node/bin/node"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


class Browser:
    """A browser with one page at a time."""

    def __init__(self) -> None:
        assert (ROOT / "page/node_modules/playwright-core").is_dir(), "run make browser"
        # Chromium's sandbox does not start for root.
        flags = ["--no-sandbox"] if os.getuid() == 0 else []
        script = Path(__file__).with_name("browser.mjs")
        self._process = subprocess.Popen(
            [NODE, script, ROOT / "page/package.json", CHROMIUM, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def do(self, code: str, **args: Any) -> Any:
        """Runs Playwright's JavaScript, with `page`, `args` and `open`."""
        self._process.stdin.write(json.dumps({"code": code, "args": args}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{answer['error']}\n{code}"
        return answer.get("result")

    def open(self, url: str, *, until: str = "ms", **options: Any) -> None:
        """Opens the page as a new visitor, and waits for its first image (or for other words)."""
        self.do("await open(args)", url=url, **options)
        if until == "ms":
            self.drawn()

    def drawn(self) -> None:
        """Waits until a translation is shown and nothing is going on."""
        self.do(
            "await page.waitForFunction(() => !document.querySelector('#status').textContent"
            " && /^\\d+ ms$/.test(document.querySelector('#time').value))"
        )

    def act(self, code: str, **args: Any) -> None:
        """Does something that makes the page draw, and waits for what it draws."""
        self.do("await page.evaluate(() => { document.querySelector('#time').value = ''; })")
        self.do(code, **args)
        self.drawn()

    def choose(self, field: str, name: str, content: bytes) -> None:
        """Chooses a file in a field."""
        data = base64.b64encode(content).decode()
        self.do(
            "await page.setInputFiles(args.field, {name: args.name, mimeType: '', "
            "buffer: Buffer.from(args.data, 'base64')})",
            field=field,
            name=name,
            data=data,
        )

    def choose_image(self, image: np.ndarray, field: str = "#source-file") -> None:
        """Chooses an image as a PNG file, and waits for what is drawn of it."""
        self.do("await page.evaluate(() => { document.querySelector('#time').value = ''; })")
        self.choose(field, "image.png", png(image))
        self.drawn()

    def pick(self, words: str) -> None:
        """Chooses a domain or a way to make styles."""
        choice = "page.getByLabel(args.words, {exact: true})"
        if not self.do(f"return {choice}.isChecked()", words=words):
            self.act(f"await {choice}.click()", words=words)

    def slide(self, field: str, value: float) -> None:
        """Moves a slider."""
        self.act("await page.fill(args.field, String(args.value))", field=field, value=value)

    def pixels(self, selector: str) -> np.ndarray:
        """What a canvas shows, [H, W, 3] uint8."""
        url = self.do(
            "return page.evaluate((s) => document.querySelector(s).toDataURL(), args.selector)",
            selector=selector,
        )
        return read(base64.b64decode(url.partition(",")[2]))

    def saved(self, button: str) -> tuple[str, np.ndarray]:
        """The name and the pixels of the file that a button saves."""
        name, data = self.do(
            "const download = page.waitForEvent('download'); await page.click(args.button);"
            "const file = await download; const parts = [];"
            "for await (const part of await file.createReadStream()) parts.push(part);"
            "return [file.suggestedFilename(), Buffer.concat(parts).toString('base64')]",
            button=button,
        )
        return name, read(base64.b64decode(data))

    def text(self, selector: str) -> str:
        """What an element says, empty where it is hidden."""
        return self.do("return page.innerText(args.selector)", selector=selector)

    def problem(self) -> str:
        """Waits for a sentence about something that is wrong."""
        self.do("await page.waitForSelector('#problem:not([hidden])')")
        return self.text("#problem")

    def wrong(self) -> list[str]:
        """What the browser's console says is wrong."""
        return self.do("return page.wrong")

    def asked(self) -> Iterable[str]:
        """The addresses that were asked for."""
        return self.do("return page.asked")


def png(image: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """An image file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


def read(content: bytes) -> np.ndarray:
    """The pixels of an image file, [H, W, 3] uint8."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
