@echo off
rem Double-click: makes the environment the first time, then opens the guide on the practice tenant.
cd /d "%~dp0"
if not exist ".venv\Scripts\halo-runbook.exe" (
  py -3.11 -m venv .venv || py -3 -m venv .venv || goto :nopython
  ".venv\Scripts\python" -m pip install --disable-pip-version-check -c constraints.txt -e ".[all]" || goto :failed
)
".venv\Scripts\halo-runbook" lab --practice
goto :eof
:nopython
echo Python 3.11 or newer is missing. Get it from https://www.python.org/downloads/ and double-click again.
pause
exit /b 2
:failed
echo The packages could not be installed. What pip said stands above.
pause
exit /b 2
