@echo off
rem Double-click: makes the environment the first time, then opens the guide on the practice tenant.
rem Its lines end as Windows' do (.gitattributes): cmd misses labels in a file that has other ends.
pushd "%~dp0" || goto :nofolder
if exist ".venv\Scripts\halo-runbook.exe" goto :open
set "PYTHON="
for %%V in (-3.11 -3.12 -3.13 -3) do (
  if not defined PYTHON py %%V -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && set "PYTHON=py %%V"
)
if not defined PYTHON python -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && set "PYTHON=python"
if not defined PYTHON goto :nopython
echo Making the environment. It takes a few minutes, this once.
%PYTHON% -m venv --clear .venv || goto :failed
".venv\Scripts\python" -m pip install --disable-pip-version-check -c constraints.txt -e ".[all]" || goto :failed
:open
".venv\Scripts\halo-runbook" lab --practice
if errorlevel 1 pause
popd
exit /b 0
:nofolder
echo This folder cannot be opened from here: %~dp0
pause
exit /b 2
:nopython
echo Python 3.11 or newer is missing. Get it from https://www.python.org/downloads/ and double-click again.
pause
exit /b 2
:failed
echo The environment could not be made. What Python or pip said stands above.
echo Where it names a very long path: move this folder to C:\halo-runbook and double-click again.
pause
exit /b 2
